return {
  about = "a 32 bit ARM of 2010: small first level, the second level is a controller of its own",
  arch = "arm",
  vmap_stack = false,
  line = 32,
  l1_sets = 256,
  l1_ways = 4,
  l2_sets = 1024,
  l2_ways = 8,
  l2_policy = "plru",
}
