local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 57,
  driver = "arm64 core",
  subject = "arm64: clean, not invalidate, for FROM_DEVICE; reports of stale data in NIC and AHCI drivers",
  commit = "c50f11c6196f45c92ca48b16a5071615d4ae0572",
  wrong = "dma_sync_single_for_device was used to invalidate before reading, which worked " ..
      "until 5.19",
  rule = "wrong-sync",

  broken = function()
    local buf = kmalloc(128)
    local dma = map(buf, 128, DMA_FROM_DEVICE)
    dev:dma_write(dma, ("s"):rep(128))
    dma_sync_single_for_device(dev, dma, 128, DMA_FROM_DEVICE)
    read(buf, 128)
    dma_unmap_single(dev, dma, 128, DMA_FROM_DEVICE)
  end,

  mended = function()
    local buf = kmalloc(128)
    local dma = map(buf, 128, DMA_FROM_DEVICE)
    dev:dma_write(dma, ("s"):rep(128))
    dma_sync_single_for_cpu(dev, dma, 128, DMA_FROM_DEVICE)
    gallery.check(read(buf, 128), ("s"):rep(128), "the frame")
    dma_unmap_single(dev, dma, 128, DMA_FROM_DEVICE)
    kfree(buf)
  end,
}
