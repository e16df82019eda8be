local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 9,
  driver = "net moxart-ethernet",
  subject = "rx_mapping is unmapped in the error path while it is zero; ifdown and ifup map the ring again",
  wrong = "stopping the interface left the receive buffer mapped, and starting it mapped it " ..
      "once more",
  rule = "mapping-leak-overwritten",

  broken = function()
    local priv = { rx = kmalloc(256) }
    local function open() priv.rx_mapping = map(priv.rx, 256, DMA_FROM_DEVICE) end
    open()
    -- stop: frees its rings, forgets the mapping
    open()
    dma_unmap_single(dev, priv.rx_mapping, 256, DMA_FROM_DEVICE)
  end,

  mended = function()
    local priv = { rx = kmalloc(256) }
    local function open() priv.rx_mapping = map(priv.rx, 256, DMA_FROM_DEVICE) end
    local function stop() dma_unmap_single(dev, priv.rx_mapping, 256, DMA_FROM_DEVICE) end
    open()
    stop()
    open()
    dev:dma_write(priv.rx_mapping, ("x"):rep(256))
    stop()
    gallery.check(read(priv.rx, 256), ("x"):rep(256), "the frame")
    kfree(priv.rx)
  end,
}
