-- A driver for a device that answers questions. Question and answer use the same buffer: the device
-- reads the question from it and writes the answer over it. It has run on a PC for years.

local buf, h, size

-- probe(dev, n): once, at the beginning. Questions and answers are n bytes long.
function probe(dev, n)
  size = n
  buf = kmalloc(size)
  h = dma_map_single(dev, buf, size, DMA_BIDIRECTIONAL)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
end

-- ask(dev, question): for each question, a string of n bytes.
-- The lab gives you
--   exchange(h, n)   the device reads n bytes at h, thinks, and writes n bytes of answer there
--   deliver(va, n)   hands on what the CPU finds at va: n bytes, read at once
function ask(dev, question)
  write(buf, question)
  exchange(h, size)
  deliver(buf, size)
end

-- remove(dev): once, at the end.
function remove(dev)
  dma_unmap_single(dev, h, size, DMA_BIDIRECTIONAL)
  kfree(buf)
end

-- foresee(snoops, first, second): a prediction, made before all else. A buffer held the string
-- `first` when it was mapped. Then the CPU stored `second` over it, with no call of the DMA API,
-- and the device read it; all was calm. snoops: do the devices of this machine see the CPU's
-- caches? Say which of the two strings the device got.
function foresee(snoops, first, second)
  predict("what does the device read?", second)
end
