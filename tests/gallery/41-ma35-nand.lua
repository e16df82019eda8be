local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 41,
  driver = "mtd ma35 nand",
  subject = "review",
  wrong = "nothing: a sync for the CPU right before the unmap does the same twice",

  broken = function()
    local buf = kmalloc(128)
    local dma = map(buf, 128, DMA_FROM_DEVICE)
    dev:dma_write(dma, ("n"):rep(128))
    dma_sync_single_for_cpu(dev, dma, 128, DMA_FROM_DEVICE)
    dma_unmap_single(dev, dma, 128, DMA_FROM_DEVICE)
    gallery.check(read(buf, 128), ("n"):rep(128), "the page of flash")
    kfree(buf)
  end,

  mended = function()
    local buf = kmalloc(128)
    local dma = map(buf, 128, DMA_FROM_DEVICE)
    dev:dma_write(dma, ("n"):rep(128))
    dma_unmap_single(dev, dma, 128, DMA_FROM_DEVICE)
    gallery.check(read(buf, 128), ("n"):rep(128), "the page of flash")
    kfree(buf)
  end,
}
