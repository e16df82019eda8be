-- fails 4: left behind: 2 mappings, 2 kmalloc blocks
-- The message goes out, and neither the mapping nor the buffer is given back.
function send(dev, message)
  local n = #message
  local buf = kmalloc(n)
  write(buf, message)
  local h = dma_map_single(dev, buf, n, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) == 0 then transmit(h, n) end
end
