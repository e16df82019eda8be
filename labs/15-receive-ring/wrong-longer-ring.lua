-- fails 1: the number of descriptors of the ring
-- A descriptor more than asked for, so that none is ever given back.

-- What hands over is stored last and read first, with a barrier between it and the rest.

local nic = devices.nic
local OWN = 0x80000000               -- in the flags: the descriptor is the card's
local CONTROL, RECEIVE, RESET = nic.bar + 0x04, 1, 0x80
local RING, SLOTS = nic.bar + 0x90, nic.bar + 0x98

local ring, handle                  -- the ring: where the CPU finds it, and where the card does
local slots, size                   -- descriptors, and bytes of a buffer
local buffers = {}                  -- by slot, from 0: { va =, handle = }
local head = 0                      -- the slot the next packet comes in

-- Hands the descriptor of slot i, and its buffer, to the card.
local function give(i)
  local d = ring + i * 16
  store(d, buffers[i].handle)
  store(d + 8, size, 4)
  dma_wmb()
  store(d + 12, OWN, 4)
end

-- open(n, bytes): makes a ring of n descriptors with a buffer of so many bytes each, and lets the
-- card receive. Answers nothing.
function open(n, bytes)
  n = n + 1
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
  writeq(handle, RING)
  writel(n, SLOTS)
  writel(RECEIVE, CONTROL)
end

-- poll(): the next packet as a string, or nil when none is there yet. Its buffer goes back to the
-- card at once.
function poll()
  local d, buffer = ring + head * 16, buffers[head]
  if load(d + 12, 4) & OWN ~= 0 then return nil end
  dma_rmb()
  local length = load(d + 8, 4)
  dma_sync_single_for_cpu(nic, buffer.handle, size, DMA_FROM_DEVICE)
  local packet = read(buffer.va, length)
  head = (head + 1) % slots
  return packet
end

-- close(): stops the card and gives everything back.
function close()
  writel(RESET, CONTROL)
  readl(CONTROL)
  for i = 0, slots - 1 do
    dma_unmap_single(nic, buffers[i].handle, size, DMA_FROM_DEVICE)
    kfree(buffers[i].va)
  end
  dma_free_coherent(nic, slots * 16, ring, handle)
end
