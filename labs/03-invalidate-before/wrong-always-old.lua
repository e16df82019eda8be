-- fails 5: predicted was
-- The driver is right; the prediction is that what is read ahead is always old.
local buf, h, size

function probe(dev, n)
  size = n
  buf = kmalloc(size)
  h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
end

function receive(dev)
  packet_arrives(h)
  dma_sync_single_for_cpu(dev, h, size, DMA_FROM_DEVICE)
  deliver(buf, size)
  dma_sync_single_for_device(dev, h, size, DMA_FROM_DEVICE)
end

function remove(dev)
  dma_unmap_single(dev, h, size, DMA_FROM_DEVICE)
  kfree(buf)
end

function foresee(ahead, old, new)
  predict("what does the CPU read?", table.concat(old))
end
