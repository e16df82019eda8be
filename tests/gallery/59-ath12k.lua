local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 59,
  driver = "ath12k",
  subject = "IO page faults: unmapped early, or with a wrong size or direction",
  wrong = "the request timed out and was unmapped, while the device went on writing",
  rule = "unmap-active",

  broken = function()
    local buf = kmalloc(1024)
    local dma = map(buf, 1024, DMA_FROM_DEVICE)
    dev:start_write(dma, ("w"):rep(1024))
    run(50)                              -- the time is over
    dma_unmap_single(dev, dma, 1024, DMA_FROM_DEVICE)
    kfree(buf)
    dev:wait()
  end,

  mended = function()
    local buf = kmalloc(1024)
    local dma = map(buf, 1024, DMA_FROM_DEVICE)
    dev:start_write(dma, ("w"):rep(1024))
    run(50)                              -- the time is over: stop the device first
    dev:wait()
    dma_unmap_single(dev, dma, 1024, DMA_FROM_DEVICE)
    kfree(buf)
  end,
}
