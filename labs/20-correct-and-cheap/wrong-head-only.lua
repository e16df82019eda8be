-- fails 2: the next payload in the list is
-- The head is taken back, and then more is read than the head.
function serve(dev, size, name)
  local got, more = {}, true
  local buf = kmalloc(size)
  local h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return got end
  while more do
    more = packet_arrives(h)
    dma_sync_single_for_cpu(dev, h, 16, DMA_FROM_DEVICE)
    local head = read(buf, 16)
    local length = tonumber(head:sub(9, 16))
    if head:sub(1, 8) == name then got[#got + 1] = read(buf + 16, length) end
  end
  dma_unmap_single(dev, h, size, DMA_FROM_DEVICE)
  kfree(buf)
  return got
end
