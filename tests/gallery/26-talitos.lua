local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 26,
  driver = "crypto talitos",
  subject = "2026 series, patch 1",
  wrong = "the header of the descriptor was read after the device had set its done bit, " ..
      "without a sync",
  rule = "stale-read",

  broken = function()
    local desc = filled(64, "d")
    local dma = map(desc, 64, DMA_BIDIRECTIONAL)
    dev:dma_read(dma, 64)
    load(desc)                           -- polls the header while the device works
    dev:dma_write(dma, ("\xff"):rep(8))
    load(desc)
    dma_unmap_single(dev, dma, 64, DMA_BIDIRECTIONAL)
  end,

  mended = function()
    local desc = filled(64, "d")
    local dma = map(desc, 64, DMA_BIDIRECTIONAL)
    dev:dma_read(dma, 64)
    dev:dma_write(dma, ("\xff"):rep(8))
    dma_sync_single_for_cpu(dev, dma, 64, DMA_BIDIRECTIONAL)
    gallery.check(load(desc), -1, "the header")
    dma_unmap_single(dev, dma, 64, DMA_BIDIRECTIONAL)
    kfree(desc)
  end,
}
