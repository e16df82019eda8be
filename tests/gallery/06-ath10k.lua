local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 6,
  driver = "wireless ath10k",
  subject = "ath10k: fix dma unmap direction for management frames",
  wrong = "management frames were mapped DMA_TO_DEVICE and unmapped DMA_FROM_DEVICE",
  rule = "unmap-direction",

  broken = function()
    local frame = filled(128, "m")
    local dma = map(frame, 128, DMA_TO_DEVICE)
    dev:dma_read(dma, 128)
    dma_unmap_single(dev, dma, 128, DMA_FROM_DEVICE)
  end,

  mended = function()
    local frame = filled(128, "m")
    local dma = map(frame, 128, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 128), ("m"):rep(128), "the frame")
    dma_unmap_single(dev, dma, 128, DMA_TO_DEVICE)
    kfree(frame)
  end,
}
