local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 25,
  driver = "crypto amlogic gxl",
  subject = "test report on a series for 6.8-rc1",
  wrong = "48 bytes were synced before they were mapped",
  rule = "sync-unknown",

  broken = function()
    local buf = filled(48, "q")
    local dma = virt_to_phys(buf) + core.board().bus_offset
    dma_sync_single_for_device(dev, dma, 48, DMA_TO_DEVICE)
  end,

  mended = function()
    local buf = filled(48, "q")
    local dma = map(buf, 48, DMA_TO_DEVICE)
    dma_sync_single_for_cpu(dev, dma, 48, DMA_TO_DEVICE)
    write(buf, ("r"):rep(48))
    dma_sync_single_for_device(dev, dma, 48, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 48), ("r"):rep(48), "the block")
    dma_unmap_single(dev, dma, 48, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
