-- Each buffer is mapped for the way its data goes, and what open() has made is undone on every way
-- out of it.

local CARD_BYTES = 2048                  -- a frame the card can hold

local tx, rx                             -- buffers: { va =, handle =, bytes =, dir = }

-- foresee(board, use): called before anything happens. Somebody maps a buffer in the wrong
-- direction: for "send", in which the device reads it, DMA_FROM_DEVICE, and for "receive", in which
-- the device writes it, DMA_TO_DEVICE. predict() says whether the bytes are right all the same:
-- "yes" or "no".
function foresee(board, use)
  local fine = board == "x86" or board == "arm64" and use == "send"
  predict("are the bytes right?", fine and "yes" or "no")
end

local function free_buffer(buffer)
  if not buffer then return end
  dma_unmap_single(dev, buffer.handle, buffer.bytes, buffer.dir)
  kfree(buffer.va)
end

local function new_buffer(bytes, dir)
  local va = kmalloc(bytes)
  if not va then return nil end
  local handle = dma_map_single(dev, va, bytes, dir)
  if dma_mapping_error(dev, handle) ~= 0 then
    kfree(va)
    return nil
  end
  return { va = va, handle = handle, bytes = bytes, dir = dir }
end

local function for_cpu(buffer)
  dma_sync_single_for_cpu(dev, buffer.handle, buffer.bytes, buffer.dir)
end

local function for_device(buffer)
  dma_sync_single_for_device(dev, buffer.handle, buffer.bytes, buffer.dir)
end

-- open(bytes): gets ready for frames of so many bytes. Answers whether the card can do that.
function open(bytes)
  tx, rx = new_buffer(bytes, DMA_TO_DEVICE), new_buffer(bytes, DMA_FROM_DEVICE)
  if tx and rx and bytes <= CARD_BYTES then return true end
  close()
  return false
end

-- send(frame): lets the card fetch a frame, which is a string.
function send(frame)
  for_cpu(tx)
  write(tx.va, frame)
  for_device(tx)
  card_fetches(tx.handle, #frame)
end

-- receive(n): the frame of n bytes that the card has for us, as a string.
function receive(n)
  card_stores(rx.handle, n)
  for_cpu(rx)
  local frame = read(rx.va, n)
  for_device(rx)
  return frame
end

-- close(): gives everything back.
function close()
  free_buffer(tx)
  free_buffer(rx)
  tx, rx = nil, nil
end
