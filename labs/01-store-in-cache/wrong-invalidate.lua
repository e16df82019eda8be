-- fails 1: cpu-data-lost
-- "Something has to be done to the cache": the wrong thing, which throws the message away.
function send(dev, message)
  local n = #message
  local buf = kmalloc(n)
  write(buf, message)
  cache.invalidate(buf, n)
  local h = dma_map_single(dev, buf, n, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) == 0 then
    transmit(h, n)
    dma_unmap_single(dev, h, n, DMA_TO_DEVICE)
  end
  kfree(buf)
end
