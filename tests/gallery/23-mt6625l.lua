local gallery = require "gallery"

return gallery {
  row = 23,
  driver = "mt6625l wifi port",
  subject = "rejecting DMA map of vmalloc memory",
  wrong = "a register was read into a buffer that came from vmalloc",
  rule = "map-vmalloc",

  broken = function()
    local buf = vmalloc(64)
    local dma = dma_map_single(dev, buf, 64, DMA_FROM_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    dev:dma_write(dma, "register")
  end,

  mended = function()
    local buf = kmalloc(64)
    local dma = gallery.map(buf, 64, DMA_FROM_DEVICE)
    dev:dma_write(dma, "register")
    dma_unmap_single(dev, dma, 64, DMA_FROM_DEVICE)
    gallery.check(read(buf, 8), "register", "the register")
    kfree(buf)
  end,
}
