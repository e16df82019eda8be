local buf, h, size

function probe(dev, n)
  size = n
  buf = kmalloc(size)
  h = dma_map_single(dev, buf, size, DMA_BIDIRECTIONAL)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
end

function ask(dev, question)
  dma_sync_single_for_cpu(dev, h, size, DMA_BIDIRECTIONAL)
  write(buf, question)
  dma_sync_single_for_device(dev, h, size, DMA_BIDIRECTIONAL)
  exchange(h, size)
  dma_sync_single_for_cpu(dev, h, size, DMA_BIDIRECTIONAL)
  deliver(buf, size)
end

function remove(dev)
  dma_unmap_single(dev, h, size, DMA_BIDIRECTIONAL)
  kfree(buf)
end

function foresee(snoops, first, second)
  predict("what does the device read?", snoops and second or first)
end
