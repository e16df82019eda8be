-- fails 3: device-after-unmap
-- Writes the lines back itself, and lets the card read when the mapping has ended.
function send(dev, message)
  local n = #message
  local buf = kmalloc(n)
  write(buf, message)
  local h = dma_map_single(dev, buf, n, DMA_TO_DEVICE)
  dma_mapping_error(dev, h)
  dma_unmap_single(dev, h, n, DMA_TO_DEVICE)
  cache.clean(buf, n)
  transmit(h, n)
  kfree(buf)
end
