local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 44,
  driver = "vdpa_sim",
  subject = "vdpa_sim: Fix DMA mask",
  commit = "1eca16b231570c8ae57fb91fdfbc48eb52c6a93b",
  wrong = "nobody set the mask, so the kernel took the device for one of 32 bits, and every " ..
      "map failed",
  rule = "use-before-check",
  machine = { board = "arm64", bus_offset = "8G", dma_mask_bits = 64 },

  broken = function()
    local buf = filled(64, "v")
    local dma = dma_map_single(dev, buf, 64, DMA_TO_DEVICE)
    dev:dma_read(dma, 64)
  end,

  mended = function()
    if dma_set_mask_and_coherent(dev, DMA_BIT_MASK(core.board().dma_mask_bits)) ~= 0 then return end
    local buf = filled(64, "v")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 64), ("v"):rep(64), "the block")
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
