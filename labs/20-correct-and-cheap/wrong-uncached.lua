-- fails 5: cycles; all the points up to
-- No sync is ever missing in coherent memory. Each byte the CPU reads comes from RAM.
function serve(dev, size, name)
  local got, more = {}, true
  local buf, h = dma_alloc_coherent(dev, size)
  if not buf then return got end
  while more do
    more = packet_arrives(h)
    local head = read(buf, 16)
    local length = tonumber(head:sub(9, 16))
    if head:sub(1, 8) == name then got[#got + 1] = read(buf + 16, length) end
  end
  dma_free_coherent(dev, size, buf, h)
  return got
end
