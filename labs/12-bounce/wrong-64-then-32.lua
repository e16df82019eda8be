-- fails 1: address-truncated
function probe(dev, bits)
  if dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)) == 0 then return true end
  return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)) == 0
end

function send(dev, va, n)
  local at = 0
  while at < n do
    local part = math.min(n - at, 64 << 10)
    local h = dma_map_single(dev, va + at, part, DMA_TO_DEVICE)
    if dma_mapping_error(dev, h) ~= 0 then return false end
    device_reads(h, part)
    dma_unmap_single(dev, h, part, DMA_TO_DEVICE)
    at = at + part
  end
  return true
end

function foresee(dev, bytes, pool)
  predict("does it fit?", bytes <= 256 << 10 and "yes" or "no")
end
