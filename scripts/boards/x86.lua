return {
  about = "a PC: devices snoop the caches, the DMA calls have nothing to do, no bus offset",
  arch = "x86",
  coherent = true,
  bus_offset = 0,
  zone_dma = "16M",
  zone_dma32 = "4G",
  dma_mask_bits = 28,
  line = 64,
  l1_sets = 64,
  l1_ways = 8,
  l1_policy = "plru",
}
