return {
  about = "a MIPS with 32 byte lines and one cache; coherent memory is an uncached window on RAM",
  arch = "mips",
  vmap_stack = false,
  line = 32,
  l1_sets = 256,
  l1_ways = 4,
  l2_sets = 0,
}
