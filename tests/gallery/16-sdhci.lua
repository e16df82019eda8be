local gallery = require "gallery"

local filled = gallery.filled

return gallery {
  row = 16,
  driver = "mmc sdhci",
  subject = "SDHCI leaks DMA buffers leading to a full swiotlb buffer",
  wrong = "a request that timed out left its scatterlist mapped, until the bounce pool was full",
  rule = "leak",
  machine = { board = "arm64", swiotlb = "1M", swiotlb_force = true },

  broken = function()
    for _ = 1, 6 do
      local sg = scatterlist(1)
      sg_init_one(sg, filled(1024, "s"), 1024)
      if dma_map_sg(dev, sg, 1, DMA_TO_DEVICE) == 0 then return end
      -- the data line times out: the request is given up
    end
  end,

  mended = function()
    for _ = 1, 6 do
      local block = filled(1024, "s")
      local sg = scatterlist(1)
      sg_init_one(sg, block, 1024)
      if dma_map_sg(dev, sg, 1, DMA_TO_DEVICE) == 0 then return end
      -- the data line times out: the request is given up
      dma_unmap_sg(dev, sg, 1, DMA_TO_DEVICE)
      kfree(block)
    end
  end,
}
