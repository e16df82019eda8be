function receive(dev, n)
  predict("how many bytes are wrong?", 64)
  local buf = kmalloc(n)
  local h = dma_map_single(dev, buf, n, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then return kfree(buf) end
  packet_arrives(h)
  dma_unmap_single_attrs(dev, h, n, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC)
  local packet = read(buf, n)
  kfree(buf)
  return packet
end
