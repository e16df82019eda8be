-- fails 3: cpu-read-device-owned
-- Looks at the first word to see whether the packet has come, while the buffer is the device's.
local buf, h, size

function probe(dev, n)
  size = n
  buf = kmalloc(size)
  h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
end

function receive(dev)
  packet_arrives(h)
  load(buf)
  dma_sync_single_for_cpu(dev, h, size, DMA_FROM_DEVICE)
  deliver(buf, size)
  dma_sync_single_for_device(dev, h, size, DMA_FROM_DEVICE)
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
