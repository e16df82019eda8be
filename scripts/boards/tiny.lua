return {
  about = "small enough for a projector: 4 sets x 2 ways x 16 bytes, 64 pages of RAM",
  ram = "256K",
  kernel_image = "16K",
  line = 16,
  l1_sets = 4,
  l1_ways = 2,
  l2_sets = 0,
  store_buffer = 4,
  cycles_ram = 20,
  cycles_device = 40,
}
