function send(dev, size, message)
  local buf = kmalloc(size)
  write(buf, message .. ("."):rep(size - #message))
  local h = dma_map_single(dev, buf, size, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return nil end
  local got = device_reads(h, size)
  dma_unmap_single(dev, h, size, DMA_TO_DEVICE)
  kfree(buf)
  return got
end
