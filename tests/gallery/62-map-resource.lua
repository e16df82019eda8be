local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 62,
  driver = "kernel/dma",
  subject = "2026: dma_map_resource called for RAM address",
  wrong = "dma_map_resource was called for RAM, which needs its caches looked after",
  rule = "map-resource-ram",
  machine = { board = "x86" },

  broken = function()
    local buf = filled(64, "r")
    local dma = dma_map_resource(dev, virt_to_phys(buf), 64, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    dma_unmap_resource(dev, dma, 64, DMA_TO_DEVICE)
  end,

  mended = function()
    local buf = filled(64, "r")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 64), ("r"):rep(64), "the block")
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
