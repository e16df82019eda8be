function send(dev, message)
  local n = #message
  local buf = kmalloc(n)
  write(buf, message)
  local h = dma_map_single(dev, buf, n, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then
    kfree(buf)
    return
  end
  transmit(h, n)
  dma_unmap_single(dev, h, n, DMA_TO_DEVICE)
  kfree(buf)
end
