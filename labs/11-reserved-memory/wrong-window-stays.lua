-- fails 1: the number of windows of ioremap that stay
local start, size, window, box, mail

function open(dev, board)
  start, size = board.mem, board.ram - board.mem
  if not request_mem_region(start, size, "camera") then return false end
  window = ioremap(start, size)
  box, mail = dma_alloc_coherent(dev, 8)
  if not window or not box then
    close(dev)
    return false
  end
  camera_ring(start + board.bus_offset)
  return true
end

function record()
  local at, n = camera_records(mail)
  return load(box), read(window + at, n)
end

function close(dev)
  if box then dma_free_coherent(dev, 8, box, mail) end
  release_mem_region(start, size)
end

function foresee(bytes)
  if bytes <= 128 << 10 then
    predict("who can give it in one piece?", "kmalloc")
  elseif bytes <= 8 << 20 then
    predict("who can give it in one piece?", "__get_free_pages")
  else
    predict("who can give it in one piece?", "nobody")
  end
end
