local gallery = require "gallery"

return gallery {
  row = 37,
  driver = "crypto qce",
  subject = "review, 2026",
  wrong = "the result of dma_map_sg was tested for < 0, so its real failure, 0, went unnoticed",
  rule = "use-before-check",
  machine = { board = "arm64", profile = "today", swiotlb = "1M", swiotlb_force = true },

  broken = function()
    local sg = scatterlist(1)
    sg_init_one(sg, kmalloc(300000), 300000)      -- more than a bounce buffer holds
    local n = dma_map_sg(dev, sg, 1, DMA_FROM_DEVICE)
    if n < 0 then return end
    dev:dma_write(sg_dma_address(sg), "digest")
  end,

  mended = function()
    local buf = kmalloc(64)
    local sg = scatterlist(1)
    sg_init_one(sg, buf, 64)
    local n = dma_map_sg(dev, sg, 1, DMA_FROM_DEVICE)
    if n == 0 then return end
    dev:dma_write(sg_dma_address(sg), "digest")
    dma_unmap_sg(dev, sg, 1, DMA_FROM_DEVICE)
    gallery.check(read(buf, 6), "digest", "the digest")
    kfree(buf)
  end,
}
