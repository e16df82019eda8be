-- fails 1: what the device read in send()
-- fails 2: what fetch() returned
local function mapped(dev, buf, n, direction, work)
  local h = dma_map_single(dev, buf, n, direction)
  if dma_mapping_error(dev, h) ~= 0 then return end
  work(h, n)
  dma_unmap_single(dev, h, n, direction)
end

function send(dev, text)
  local buf = kmalloc(#text)
  write(buf, text)
  mapped(dev, buf, #text, DMA_FROM_DEVICE, transmit)
  kfree(buf)
end

function fetch(dev, n)
  local buf = kmalloc(n)
  mapped(dev, buf, n, DMA_TO_DEVICE, arrives)
  local packet = read(buf, n)
  kfree(buf)
  return packet
end

function exchange(dev, text)
  local buf = kmalloc(#text)
  write(buf, text)
  mapped(dev, buf, #text, DMA_BIDIRECTIONAL, answer)
  local got = read(buf, #text)
  kfree(buf)
  return got
end

function foresee(question, reader, dirty, operation)
  local newest = "new"
  if reader == "device" and operation == "invalidate" then newest = "old" end
  if reader == "cpu" and dirty and operation ~= "invalidate" then newest = "old" end
  if reader == "cpu" and not dirty and operation == "clean" then newest = "old" end
  predict(question, newest)
end
