-- fails 3: unmap-direction
-- Mapped in the right directions, unmapped in one.
local CARD_BYTES = 2048

local tx, rx

function foresee(board, use)
  local fine = board == "x86" or board == "arm64" and use == "send"
  predict("are the bytes right?", fine and "yes" or "no")
end

local function free_buffer(buffer)
  if not buffer then return end
  dma_unmap_single(dev, buffer.handle, buffer.bytes, DMA_FROM_DEVICE)
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

function open(bytes)
  tx, rx = new_buffer(bytes, DMA_TO_DEVICE), new_buffer(bytes, DMA_FROM_DEVICE)
  if tx and rx and bytes <= CARD_BYTES then return true end
  close()
  return false
end

function send(frame)
  for_cpu(tx)
  write(tx.va, frame)
  for_device(tx)
  card_fetches(tx.handle, #frame)
end

function receive(n)
  card_stores(rx.handle, n)
  for_cpu(rx)
  local frame = read(rx.va, n)
  for_device(rx)
  return frame
end

function close()
  free_buffer(tx)
  free_buffer(rx)
  tx, rx = nil, nil
end
