local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 53,
  driver = "virtio_ring",
  subject = "use DMA parent in virtio_max_dma_size",
  wrong = "288 KiB were mapped at once, where dma_max_mapping_size says 256 KiB",
  rule = "map-too-large",
  machine = { board = "arm64", profile = "today", swiotlb = "1M", swiotlb_force = true },

  broken = function()
    local buf = kmalloc(294912)
    local dma = dma_map_single(dev, buf, 294912, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end
    dma_unmap_single(dev, dma, 294912, DMA_TO_DEVICE)
  end,

  mended = function()
    local left = 294912
    local buf = kmalloc(left)
    while buf and left > 0 do
      local part = math.ult(dma_max_mapping_size(dev), left) and dma_max_mapping_size(dev) or left
      local dma = map(buf + (294912 - left), part, DMA_TO_DEVICE)
      dev:dma_read(dma, 16)
      dma_unmap_single(dev, dma, part, DMA_TO_DEVICE)
      left = left - part
    end
    kfree(buf)
  end,
}
