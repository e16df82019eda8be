-- fails 3: left behind: 2 mappings
-- With a larger pool it would only take longer until it is full.
function probe(dev, bits)
  return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) == 0
end

function send(dev, va, n)
  local at = 0
  while at < n do
    local part = math.min(n - at, dma_max_mapping_size(dev))
    local h = dma_map_single(dev, va + at, part, DMA_TO_DEVICE)
    if dma_mapping_error(dev, h) ~= 0 then return false end
    device_reads(h, part)
    at = at + part
  end
  return true
end

function foresee(dev, bytes, pool)
  predict("does it fit?", bytes <= dma_max_mapping_size(dev) and "yes" or "no")
end
