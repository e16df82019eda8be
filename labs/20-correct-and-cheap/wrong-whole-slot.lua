-- fails 5: bytes of cache lines maintained
-- One mapping, but all of it goes to and fro for each packet, in both directions.
function serve(dev, size, name)
  local got, more = {}, true
  local buf = kmalloc(size)
  local h = dma_map_single(dev, buf, size, DMA_BIDIRECTIONAL)
  if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return got end
  while more do
    more = packet_arrives(h)
    dma_sync_single_for_cpu(dev, h, size, DMA_BIDIRECTIONAL)
    local head = read(buf, 16)
    local length = tonumber(head:sub(9, 16))
    if head:sub(1, 8) == name then got[#got + 1] = read(buf + 16, length) end
    dma_sync_single_for_device(dev, h, size, DMA_BIDIRECTIONAL)
  end
  dma_unmap_single(dev, h, size, DMA_BIDIRECTIONAL)
  kfree(buf)
  return got
end
