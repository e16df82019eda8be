-- The driver of somebody who thinks: I send, so the data comes FROM me; I fetch, so it comes TO me.

-- Map n bytes at buf, let work(h, n) have the handle, unmap.
local function mapped(dev, buf, n, direction, work)
  local h = dma_map_single(dev, buf, n, direction)
  if dma_mapping_error(dev, h) ~= 0 then return end
  work(h, n)
  dma_unmap_single(dev, h, n, direction)
end

-- The device reads `text`: transmit(h, n) makes it do so. Nothing to return.
function send(dev, text)
  local buf = kmalloc(#text)
  write(buf, text)
  mapped(dev, buf, #text, DMA_FROM_DEVICE, transmit)
  kfree(buf)
end

-- The device writes n bytes: arrives(h, n) makes it do so. Return them.
function fetch(dev, n)
  local buf = kmalloc(n)
  mapped(dev, buf, n, DMA_TO_DEVICE, arrives)
  local packet = read(buf, n)
  kfree(buf)
  return packet
end

-- The device reads `text` and writes an answer of the same length over it: answer(h, n) makes it do
-- both. Return the answer.
function exchange(dev, text)
  local buf = kmalloc(#text)
  write(buf, text)
  mapped(dev, buf, #text, DMA_TO_DEVICE, answer)
  local got = read(buf, #text)
  kfree(buf)
  return got
end

-- What will be read after cache.clean, cache.invalidate or cache.flush of the line, "old" or "new"?
--   reader     "device": it reads memory, where the old bytes are; the CPU stored new ones
--              "cpu": it reads; the device wrote new bytes to memory, the line has the old ones
--   dirty      true: the line is dirty
--   operation  "clean", "invalidate" or "flush"
-- Leave the line with predict() as it is, and find the answer.
function foresee(question, reader, dirty, operation)
  local answer = "new"
  predict(question, answer)
end
