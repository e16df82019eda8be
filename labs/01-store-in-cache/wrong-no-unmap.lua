-- fails 4: left behind: 1 mapping
function send(dev, size, message)
  local buf = kmalloc(size)
  write(buf, message .. ("."):rep(size - #message))
  local h = dma_map_single(dev, buf, size, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return nil end
  return dev:dma_read(h, size)
end
