-- fails 1: stale-read
-- The buffer is taken back after the first packet, and never again.
function serve(dev, size, name)
  local got, first = {}, true
  local buf = kmalloc(size)
  local h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return got end
  local more
  repeat
    more = packet_arrives(h)
    if first then dma_sync_single_for_cpu(dev, h, size, DMA_FROM_DEVICE) end
    first = false
    local head = read(buf, 16)
    local length = tonumber(head:sub(9, 16))
    if head:sub(1, 8) == name then got[#got + 1] = read(buf + 16, length) end
  until not more
  dma_unmap_single(dev, h, size, DMA_FROM_DEVICE)
  kfree(buf)
  return got
end
