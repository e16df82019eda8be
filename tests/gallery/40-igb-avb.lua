local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 40,
  driver = "igb_avb",
  subject = "Fix iommu dma memory mapping failure",
  wrong = "a buffer the device reads was mapped DMA_FROM_DEVICE: only an IOMMU minds",
  rule = "device-direction",
  machine = { board = "arm64-smmu" },

  broken = function()
    local buf = filled(256, "a")
    local dma = map(buf, 256, DMA_FROM_DEVICE)
    dev:dma_read(dma, 256)
    dma_unmap_single(dev, dma, 256, DMA_FROM_DEVICE)
  end,

  mended = function()
    local buf = filled(256, "a")
    local dma = map(buf, 256, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 256), ("a"):rep(256), "the frame")
    dma_unmap_single(dev, dma, 256, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
