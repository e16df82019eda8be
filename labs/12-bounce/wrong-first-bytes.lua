-- fails 2: device-unmapped
-- Maps the few bytes of each part that the device is known to look at.
local PART, LOOKED_AT = 16384, 16

function probe(dev, bits)
  return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) == 0
end

function send(dev, va, n)
  local at = 0
  while at < n do
    local part = math.min(n - at, PART)
    local h = dma_map_single(dev, va + at, LOOKED_AT, DMA_TO_DEVICE)
    if dma_mapping_error(dev, h) ~= 0 then return false end
    device_reads(h, part)
    dma_unmap_single(dev, h, LOOKED_AT, DMA_TO_DEVICE)
    at = at + part
  end
  return true
end

function foresee(dev, bytes, pool)
  predict("does it fit?", bytes <= dma_max_mapping_size(dev) and "yes" or "no")
end
