local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 20,
  driver = "media uvc",
  subject = "media: uvc: don't do DMA on stack",
  commit = "1a10d7fdb6d0e235e9d230916244cc2769d3f170",
  wrong = "a local array of the function was mapped for the device",
  rule = "map-stack",
  machine = { board = "arm" },

  broken = function()
    local buf = stack_array(32)
    write(buf, ("s"):rep(32))
    local dma = dma_map_single(dev, buf, 32, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    dev:dma_read(dma, 32)
    dma_unmap_single(dev, dma, 32, DMA_TO_DEVICE)
  end,

  mended = function()
    local buf = filled(32, "s")
    local dma = map(buf, 32, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 32), ("s"):rep(32), "the message")
    dma_unmap_single(dev, dma, 32, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
