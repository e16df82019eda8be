-- fails 6: how many blocks were allocated for a copy
function foresee(question, va, n)
  predict(question, (va % PAGE_SIZE + n + PAGE_SIZE - 1) // PAGE_SIZE)
end

local function with_copy(dev, buf, n, direction, work)
  local h = dma_map_single(dev, buf, n, direction)
  if dma_mapping_error(dev, h) ~= 0 then return end
  work(h, n)
  dma_unmap_single(dev, h, n, direction)
end

function send(dev, va, n)
  local buf = kmalloc(n)
  memcpy(buf, va, n)
  with_copy(dev, buf, n, DMA_TO_DEVICE, transmit)
  kfree(buf)
end

function fetch(dev, va, n)
  local buf = kmalloc(n)
  with_copy(dev, buf, n, DMA_FROM_DEVICE, arrives)
  memcpy(va, buf, n)
  kfree(buf)
end
