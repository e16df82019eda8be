local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 19,
  driver = "media cxusb",
  subject = "cxusb: don't do DMA on stack",
  wrong = "a local array of the function was mapped for the device",
  rule = "map-stack",
  machine = { board = "arm" },

  broken = function()
    local buf = stack_array(16)
    write(buf, ("s"):rep(16))
    local dma = dma_map_single(dev, buf, 16, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    dev:dma_read(dma, 16)
    dma_unmap_single(dev, dma, 16, DMA_TO_DEVICE)
  end,

  mended = function()
    local buf = filled(16, "s")
    local dma = map(buf, 16, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 16), ("s"):rep(16), "the message")
    dma_unmap_single(dev, dma, 16, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
