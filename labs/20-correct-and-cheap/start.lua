-- serve(dev, size, name): receive packets until no more come, and return a table with the payloads
-- of those that are for `name`, in order.
--   size                 bytes a packet may have at most
--   packet_arrives(h)    the device writes its next packet to bus address h; false: the last
-- A packet begins with a head of 16 bytes: 8 for whom it is, 8 digits that tell the bytes of the
-- payload, which follows.
--
-- This one is correct. It takes no risks.
function serve(dev, size, name)
  local got, more = {}, true
  while more do
    local buf = kzalloc(size)                        -- nothing old may be in it
    local h = dma_map_single(dev, buf, size, DMA_BIDIRECTIONAL)      -- good for both
    if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return got end
    more = packet_arrives(h)
    dma_sync_single_for_cpu(dev, h, size, DMA_BIDIRECTIONAL)         -- better once too often
    dma_unmap_single(dev, h, size, DMA_BIDIRECTIONAL)
    local packet = read(buf, size)
    local length = tonumber(packet:sub(9, 16))
    if packet:sub(1, 8) == name then got[#got + 1] = packet:sub(17, 16 + length) end
    kfree(buf)
  end
  return got
end
