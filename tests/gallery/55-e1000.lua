local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 55,
  driver = "e1000 in a VM with hotplugged memory",
  subject = "swiotlb buffer is full (sz: 81 bytes), total 0 (slots)",
  wrong = "a device of 32 bits was given memory above 4 GiB, and there was no pool to bounce with",
  rule = "map-unreachable",
  machine = { board = "arm64", bus_offset = "8G" },

  broken = function()
    local skb = filled(81, "e")
    local dma = dma_map_single(dev, skb, 81, DMA_TO_DEVICE)
    if dma_mapping_error(dev, dma) ~= 0 then return end      -- "TX DMA map failed", for ever
    dma_unmap_single(dev, dma, 81, DMA_TO_DEVICE)
  end,

  mended = function()
    local bits = math.min(core.board().dma_mask_bits, 64)
    if dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) ~= 0 then return end
    if dma_addressing_limited(dev) then return end           -- says so, and leaves the device alone
    local skb = filled(81, "e")
    local dma = map(skb, 81, DMA_TO_DEVICE)
    gallery.check(dev:dma_read(dma, 81), ("e"):rep(81), "the frame")
    dma_unmap_single(dev, dma, 81, DMA_TO_DEVICE)
    kfree(skb)
  end,
}
