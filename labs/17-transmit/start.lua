-- A driver that sends packets. A packet is len bytes at data: it is mapped, the card is told, and
-- once it has been told, the packet has gone.

local nic = devices.nic
local OWN, LAST = 0x80000000, 0x20000000      -- flags: it is the card's; the packet ends here
local CONTROL, TRANSMIT, RESET = nic.bar + 0x04, 2, 0x80
local DOORBELL, RING, SLOTS = nic.bar + 0x18, nic.bar + 0x80, nic.bar + 0x88

local ring, handle, slots      -- the ring: for the CPU, for the card, its descriptors
local next_slot = 0            -- counts up; the place in the ring is what is left over
local sent = 0                 -- packets nobody has asked clean() for yet

-- The network stack's part; it is right. The header goes into the head of the packet, the payload
-- stays in its pages.
local function packet(header, payload)
  local skb = netdev_alloc_skb(nic, #header)
  write(skb_put(skb, #header), header)
  for i, piece in ipairs(payload) do
    skb_add_rx_frag(skb, i - 1, piece.page, piece.offset, piece.bytes, PAGE_SIZE)
  end
  return skb
end

-- open(n): makes a ring of n descriptors and lets the card send.
function open(n)
  slots = n
  ring, handle = dma_alloc_coherent(nic, n * 16)
  if not ring then error("no memory for the ring") end
  writeq(handle, RING)
  writel(n, SLOTS)
  writel(TRANSMIT, CONTROL)
end

-- Hands the next descriptor over: so many bytes at a handle.
local function give(h, bytes, flags)
  local d = ring + next_slot % slots * 16
  next_slot = next_slot + 1
  store(d, h)
  store(d + 8, bytes, 4)
  dma_wmb()
  store(d + 12, OWN | flags, 4)
  return d
end

-- xmit(header, payload): sends a packet: a header, which is a string, and the bytes of some pages,
-- a list of { page =, offset =, bytes = }. From here on the pages are the packet's.
function xmit(header, payload)
  local skb = packet(header, payload)
  local h = dma_map_single(nic, skb.data, skb.len, DMA_TO_DEVICE)
  give(h, skb.len, LAST)
  writel_relaxed(1, DOORBELL)
  dma_unmap_single(nic, h, skb.len, DMA_TO_DEVICE)
  dev_kfree_skb(skb)
  sent = sent + 1
end

-- clean(): gives back what belongs to packets that were sent. Answers how many those are. It is
-- called when the card may still be at work, and again when it has come to an end.
function clean()
  local n = sent
  sent = 0
  return n
end

-- close(): stops the card and gives the ring back.
function close()
  writel(RESET, CONTROL)
  readl(CONTROL)
  dma_free_coherent(nic, slots * 16, ring, handle)
end
