local gallery = require "gallery"

return gallery {
  row = 3,
  driver = "drivers/crypto/mxs-dcp.c",
  commit = "df6313d707e575a679ada3313358289af24454c0",
  wrong = "nobody asked dma_mapping_error",
  rule = "map-error-unchecked",

  broken = function()
    local key = gallery.filled(32, "k")
    local dma = dma_map_single(dev, key, 32, DMA_TO_DEVICE)
    dev:dma_read(dma, 32)
    dma_unmap_single(dev, dma, 32, DMA_TO_DEVICE)
  end,

  mended = function()
    local key = gallery.filled(32, "k")
    local dma = dma_map_single(dev, key, 32, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    gallery.check(dev:dma_read(dma, 32), ("k"):rep(32), "the key")
    dma_unmap_single(dev, dma, 32, DMA_TO_DEVICE)
    kfree(key)
  end,
}
