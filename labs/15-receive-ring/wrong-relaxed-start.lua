-- fails 3: order-device-early
-- The store that starts the card can overtake the ring it starts on.

local nic = devices.nic
local OWN = 0x80000000
local CONTROL, RECEIVE, RESET = nic.bar + 0x04, 1, 0x80
local RING, SLOTS = nic.bar + 0x90, nic.bar + 0x98

local ring, handle, slots, size
local buffers = {}
local head = 0

local function give(i)
  local d = ring + i * 16
  store(d, buffers[i].handle)
  store(d + 8, size, 4)
  dma_wmb()
  store(d + 12, OWN, 4)
end

function open(n, bytes)
  slots, size = n, bytes
  ring, handle = dma_alloc_coherent(nic, n * 16)
  if not ring then error("no memory for the ring") end
  for i = 0, n - 1 do
    local va = kmalloc(size)
    local h = dma_map_single(nic, va, size, DMA_FROM_DEVICE)
    if dma_mapping_error(nic, h) ~= 0 then error("no mapping for a buffer") end
    buffers[i] = { va = va, handle = h }
    give(i)
  end
  writeq_relaxed(handle, RING)
  writel_relaxed(n, SLOTS)
  writel_relaxed(RECEIVE, CONTROL)
end

function poll()
  local d, buffer = ring + head * 16, buffers[head]
  if load(d + 12, 4) & OWN ~= 0 then return nil end
  dma_rmb()
  local length = load(d + 8, 4)
  dma_sync_single_for_cpu(nic, buffer.handle, size, DMA_FROM_DEVICE)
  local packet = read(buffer.va, length)
  dma_sync_single_for_device(nic, buffer.handle, size, DMA_FROM_DEVICE)
  give(head)
  head = (head + 1) % slots
  return packet
end

function close()
  writel(RESET, CONTROL)
  readl(CONTROL)
  for i = 0, slots - 1 do
    dma_unmap_single(nic, buffers[i].handle, size, DMA_FROM_DEVICE)
    kfree(buffers[i].va)
  end
  dma_free_coherent(nic, slots * 16, ring, handle)
end
