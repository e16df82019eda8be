-- The driver of somebody who saw it work a hundred times. When something goes wrong it does
-- "return", and that is all.

local cbuf, dbuf, sbuf         -- what probe() made, for remove()
local c, d, s
local csize, dsize, ssize

-- Give the device a command, some data, and n bytes of room for its status:
-- attach(c, csize, d, dsize, s, n) takes three handles and their sizes, and answers 0 or an error.
-- Return 0 when it is running, -12 (-ENOMEM) when there is no memory or a map fails, else what
-- attach() answered. After an error everything has to be as it was before.
function probe(dev, command, data, n)
  cbuf, csize = kmalloc(#command), #command
  write(cbuf, command)
  c = dma_map_single(dev, cbuf, csize, DMA_TO_DEVICE)

  dbuf, dsize = kmalloc(#data), #data
  write(dbuf, data)
  d = dma_map_single(dev, dbuf, dsize, DMA_TO_DEVICE)

  sbuf, ssize = kmalloc(n), n
  s = dma_map_single(dev, sbuf, ssize, DMA_FROM_DEVICE)

  if c == 0 or d == 0 or s == 0 then return -12 end
  return attach(c, csize, d, dsize, s, ssize)
end

-- Called after a probe() that answered 0: give everything back, return the status.
function remove(dev)
  dma_unmap_single(dev, c, csize, DMA_TO_DEVICE)
  dma_unmap_single(dev, d, dsize, DMA_TO_DEVICE)
  dma_unmap_single(dev, s, ssize, DMA_FROM_DEVICE)
  local status = read(sbuf, ssize)
  kfree(cbuf)
  kfree(dbuf)
  kfree(sbuf)
  return status
end
