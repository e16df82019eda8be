local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 4,
  driver = "net/ethernet/ti davinci_cpdma",
  subject = "fix warning 'device driver frees DMA memory with different size'",
  wrong = "a short frame was padded and mapped with 64 bytes, and unmapped with the 60 the " ..
      "hardware reported",
  rule = "unmap-size",

  broken = function()
    local skb = filled(64, "f")
    local dma = map(skb, 64, DMA_TO_DEVICE)
    dev:dma_read(dma, 64)
    dma_unmap_single(dev, dma, 60, DMA_TO_DEVICE)
  end,

  mended = function()
    local skb, mapped = filled(64, "f"), 64
    local dma = map(skb, mapped, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, mapped), ("f"):rep(64), "the frame")
    dma_unmap_single(dev, dma, mapped, DMA_TO_DEVICE)
    kfree(skb)
  end,
}
