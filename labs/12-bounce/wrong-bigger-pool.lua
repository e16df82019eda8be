-- fails 1: what send() returns is false
-- fails 2: judged as soon as
function probe(dev, bits)
  return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) == 0
end

function send(dev, va, n)
  local h = dma_map_single(dev, va, n, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then
    print("swiotlb buffer is full: boot with swiotlb=4M")
    return false
  end
  device_reads(h, n)
  dma_unmap_single(dev, h, n, DMA_TO_DEVICE)
  return true
end

function foresee(dev, bytes, pool)
  predict("does it fit?", bytes <= pool and "yes" or "no")
end
