local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 21,
  driver = "media usbtv",
  subject = "[media] usbtv: don't do DMA on stack",
  commit = "62de7d99dcfe",
  wrong = "a local array of the function was mapped for the device",
  rule = "map-stack",
  machine = { board = "x86" },

  broken = function()
    local buf = stack_array(4)
    write(buf, ("s"):rep(4))
    local dma = dma_map_single(dev, buf, 4, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    dev:dma_read(dma, 4)
    dma_unmap_single(dev, dma, 4, DMA_TO_DEVICE)
  end,

  mended = function()
    local buf = filled(4, "s")
    local dma = map(buf, 4, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 4), ("s"):rep(4), "the message")
    dma_unmap_single(dev, dma, 4, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
