-- fails 2: stale-read
-- Both syncs stand before the transfer: what is read ahead during it stays.
local buf, h, size

function probe(dev, n)
  size = n
  buf = kmalloc(size)
  h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
end

function receive(dev)
  dma_sync_single_for_cpu(dev, h, size, DMA_FROM_DEVICE)
  dma_sync_single_for_device(dev, h, size, DMA_FROM_DEVICE)
  packet_arrives(h)
  deliver(buf, size)
end

function remove(dev)
  dma_unmap_single(dev, h, size, DMA_FROM_DEVICE)
  kfree(buf)
end

function foresee(ahead, old, new)
  local lines = {}
  for i, when in ipairs(ahead) do lines[i] = when == "before" and old[i] or new[i] end
  predict("what does the CPU read?", table.concat(lines))
end
