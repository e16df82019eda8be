-- fails 1: what send() returns is false
-- 256 KiB is what a mapping holds at most; this device wants low address bits kept, and gets less.
function probe(dev, bits)
  return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) == 0
end

local MOST = 256 << 10

function send(dev, va, n)
  for at = 0, n - 1, MOST do
    local part = math.min(n - at, MOST)
    local h = dma_map_single(dev, va + at, part, DMA_TO_DEVICE)
    if dma_mapping_error(dev, h) ~= 0 then return false end
    device_reads(h, part)
    dma_unmap_single(dev, h, part, DMA_TO_DEVICE)
  end
  return true
end

function foresee(dev, bytes, pool)
  predict("does it fit?", bytes <= dma_max_mapping_size(dev) and "yes" or "no")
end
