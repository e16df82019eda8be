-- The driver of somebody who needed a large buffer, and got one from vmalloc: for the CPU it is one
-- piece, so why not for the device?

-- How many pages do the n bytes at va lie in? Leave the line with predict() as it is.
function foresee(question, va, n)
  local pages = n // PAGE_SIZE
  predict(question, pages)
end

-- The device reads the n bytes at va, memory of vmalloc that begins anywhere in a page:
-- transmit(h, size) makes it read one piece. Called piece by piece, in order, for all n bytes.
function send(dev, va, n)
  local h = dma_map_single(dev, va, n, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then return end
  transmit(h, n)
  dma_unmap_single(dev, h, n, DMA_TO_DEVICE)
end

-- The device writes n bytes to va: arrives(h, size) makes it write the next piece.
function fetch(dev, va, n)
  local h = dma_map_single(dev, va, n, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then return end
  arrives(h, n)
  dma_unmap_single(dev, h, n, DMA_FROM_DEVICE)
end
