local gallery = require "gallery"

return gallery {
  row = 1,
  driver = "drivers/spi rockchip-sfc",
  subject = "spi: rockchip-sfc: Fix DMA-API usage",
  commit = "ee795e82e10197c070efd380dc9615c73dffad6c",
  wrong = "what virt_to_phys answered was given to the DMA engine, and to dma_sync_single_for_cpu",
  rule = "address-not-dma",

  broken = function()
    local buf = kmalloc(288)
    local dma = virt_to_phys(buf)
    dev:dma_write(dma, ("r"):rep(288))
    dma_sync_single_for_cpu(dev, dma, 288, DMA_FROM_DEVICE)
    read(buf, 288)
  end,

  mended = function()
    local buf = kmalloc(288)
    local dma = gallery.map(buf, 288, DMA_FROM_DEVICE)
    dev:dma_write(dma, ("r"):rep(288))
    dma_unmap_single(dev, dma, 288, DMA_FROM_DEVICE)
    gallery.check(read(buf, 288), ("r"):rep(288), "the page of flash")
    kfree(buf)
  end,
}
