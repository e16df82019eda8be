-- A driver keeps two things side by side, as the fields of a struct: a buffer for packets, and a
-- counter that the CPU adds to while packets come in.

local buf, size

-- open(dev, block, room, n): once, at the beginning. The struct has to lie in `block`, the address
-- of `room` bytes of memory that begin anywhere; what lies before and behind belongs to others.
-- Packets are n bytes long. Choose where the buffer goes and where the counter (8 bytes, aligned to
-- 8), and return the address of the counter. The lab counts in it.
function open(dev, block, room, n)
  buf, size = block, n
  return block + (n + 7) // 8 * 8
end

-- receive(dev): for each packet. The lab gives you
--   packet_arrives(h)   the device writes a packet to the DMA address h; meanwhile the CPU counts
--   deliver(va, n)      hands on what the CPU finds at va: n bytes, read at once
function receive(dev)
  local h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
  packet_arrives(h)
  dma_unmap_single(dev, h, size, DMA_FROM_DEVICE)
  deliver(buf, size)
end

-- close(dev): once, at the end. The block is the lab's; give back what else you took.
function close(dev) end

-- foresee(at, n, line): a prediction, made before all else. A buffer of n bytes begins `at` bytes
-- into a cache line; a line has `line` bytes. Say how many bytes an invalidate of the buffer acts
-- on.
function foresee(at, n, line)
  predict("how many bytes does it act on?", n)
end
