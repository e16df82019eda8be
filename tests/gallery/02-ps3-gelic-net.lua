local gallery = require "gallery"

return gallery {
  row = 2,
  driver = "drivers/net ps3_gelic_net",
  commit = "bebe933d35a63d4f042fbf4dce4f22e689ba0fcd",
  wrong = "the handle itself was tested, instead of asking dma_mapping_error: 0 is a legal address",
  rule = "map-error-unchecked",

  broken = function()
    local skb = gallery.filled(64, "p")
    local dma = dma_map_single(dev, skb, 64, DMA_TO_DEVICE)
    if dma == 0 then return end
    dev:dma_read(dma, 64)
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
  end,

  mended = function()
    local skb = gallery.filled(64, "p")
    local dma = dma_map_single(dev, skb, 64, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    gallery.check(dev:dma_read(dma, 64), ("p"):rep(64), "the packet")
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
    kfree(skb)
  end,
}
