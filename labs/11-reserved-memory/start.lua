-- A camera writes its frames to a ring of 12 MB or more, and the number of the newest frame to a
-- word elsewhere in memory.

local ring, order, box, mail, fast

-- open(dev, board): get the ring and the word, and tell the camera where the ring is. True, or
-- false when there is no memory.
--   board.ram, board.mem   bytes of RAM, and how many of them the kernel was told of (mem=)
--   board.bus_offset       what this board adds to a physical address on the bus of its devices
--   camera_ring(h)         tells the camera that its ring begins at bus address h; it takes all the
--                          RAM between mem and ram
function open(dev, board)
  local size = board.ram - board.mem
  order = 0
  while (4096 << order) < size do order = order + 1 end
  ring = __get_free_pages(GFP_KERNEL, order)
  box, mail = dma_alloc_coherent(dev, 8)
  if not ring or not box then
    close(dev)
    return false
  end
  -- Coherent memory is slow to read; through the linear map the same word is cached.
  fast = phys_to_virt(mail - board.bus_offset)
  camera_ring(virt_to_phys(ring) + board.bus_offset)
  return true
end

-- record(): let the camera record a frame. Return its number, and its bytes as a string.
--   camera_records(mail)   the camera writes a frame to its ring, and the frame's number, 8 bytes,
--                          to bus address mail; answers where in the ring the frame begins, and
--                          its size
function record()
  local at, n = camera_records(mail)
  return load(fast), read(ring + at, n)
end

-- close(dev): give back all that open() took.
function close(dev)
  if box then dma_free_coherent(dev, 8, box, mail) end
  if ring then free_pages(ring, order) end
end

-- foresee(bytes): predict who gives so much memory in one piece on this kernel, after it has just
-- been started: "kmalloc", "__get_free_pages" or "nobody".
function foresee(bytes)
  predict("who can give it in one piece?", "kmalloc")
end
