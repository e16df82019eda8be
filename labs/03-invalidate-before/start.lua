-- A driver that receives packets into one buffer. It passed every test in the laboratory; once in a
-- while a customer finds bytes of an older packet in a new one.

local buf, h, size

-- probe(dev, n): once, at the beginning. Packets are n bytes long.
function probe(dev, n)
  size = n
  buf = kmalloc(size)
  h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
end

-- receive(dev): for each packet. Wait for it, and hand it on. The lab gives you
--   packet_arrives(h)   waits until the device has written a packet to the DMA address h
--   deliver(va, n)      hands on what the CPU finds at va: n bytes, read at once
function receive(dev)
  -- Drop what the caches have of the buffer: what deliver reads then comes from memory.
  dma_sync_single_for_cpu(dev, h, size, DMA_FROM_DEVICE)
  packet_arrives(h)
  deliver(buf, size)
end

-- remove(dev): once, at the end.
function remove(dev)
  dma_unmap_single(dev, h, size, DMA_FROM_DEVICE)
  kfree(buf)
end

-- foresee(ahead, old, new): a prediction, made before all else. The three lines of a buffer were
-- invalidated; memory held old[1], old[2], old[3]. Then the device wrote new[1], new[2], new[3].
-- The CPU read line i ahead, unasked: ahead[i] is "before" the device wrote this line, "after" it,
-- or "never". Nothing else was done. Say what the CPU reads at last: three strings in one.
function foresee(ahead, old, new)
  predict("what does the CPU read?", table.concat(new))
end
