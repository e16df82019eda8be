local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 28,
  driver = "can rockchip rk3576",
  subject = "review, 2025",
  wrong = "the receive loop had neither of the two syncs",
  rule = "stale-read",

  broken = function()
    local frame = kmalloc(64)
    local dma = map(frame, 64, DMA_FROM_DEVICE)
    for i = 1, 3 do
      dev:dma_write(dma, (tostring(i)):rep(64))
      read(frame, 64)
    end
    dma_unmap_single(dev, dma, 64, DMA_FROM_DEVICE)
  end,

  mended = function()
    local frame = kmalloc(64)
    local dma = map(frame, 64, DMA_FROM_DEVICE)
    for i = 1, 3 do
      dev:dma_write(dma, (tostring(i)):rep(64))
      dma_sync_single_for_cpu(dev, dma, 64, DMA_FROM_DEVICE)
      gallery.check(read(frame, 64), (tostring(i)):rep(64), "frame " .. i)
      dma_sync_single_for_device(dev, dma, 64, DMA_FROM_DEVICE)
    end
    dma_unmap_single(dev, dma, 64, DMA_FROM_DEVICE)
    kfree(frame)
  end,
}
