-- A device shows pictures. The PC keeps them in memory, and 1 MiB of bounce buffers (swiotlb=1M) is
-- there for what the device cannot reach.

-- probe(dev, bits): get to know the device; true when it can be used. Its data sheet says that it
-- has so many address bits.
function probe(dev, bits)
  -- A device that has fewer than 64 bits refuses them, and then 32 will do.
  if dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)) == 0 then return true end
  return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)) == 0
end

-- send(dev, va, n): let the device read the picture of n bytes at va, from its first byte to
-- its last. True when that worked, false when not.
--   device_reads(h, n)  the device reads the next n bytes of the picture from bus address h
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

-- foresee(dev, bytes, pool): a machine has `pool` bytes of bounce buffers, and none is in use. This
-- device wants to map so many bytes of memory it cannot reach, in one piece. Predict "yes" or "no".
function foresee(dev, bytes, pool)
  predict("does it fit?", bytes <= pool and "yes" or "no")
end
