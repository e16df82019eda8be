local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 18,
  driver = "i2c-at91",
  subject = "use dma safe msg buf",
  wrong = "a local array of the function was mapped for the device",
  rule = "map-stack",

  broken = function()
    local buf = stack_array(8)
    write(buf, ("s"):rep(8))
    local dma = dma_map_single(dev, buf, 8, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    dev:dma_read(dma, 8)
    dma_unmap_single(dev, dma, 8, DMA_TO_DEVICE)
  end,

  mended = function()
    local buf = filled(8, "s")
    local dma = map(buf, 8, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 8), ("s"):rep(8), "the message")
    dma_unmap_single(dev, dma, 8, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
