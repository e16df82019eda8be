-- Each piece of the packet has a mapping and a descriptor of its own, and all is kept until the
-- card has given the last one back.

local nic = devices.nic
local OWN, LAST = 0x80000000, 0x20000000      -- flags: it is the card's; the packet ends here
local CONTROL, TRANSMIT, RESET = nic.bar + 0x04, 2, 0x80
local DOORBELL, RING, SLOTS = nic.bar + 0x18, nic.bar + 0x80, nic.bar + 0x88

local ring, handle, slots      -- the ring: for the CPU, for the card, its descriptors
local next_slot = 0            -- counts up; the place in the ring is what is left over
local queue = {}               -- packets the card has not given back, the oldest first

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

local function unmap(pieces)
  for _, piece in ipairs(pieces) do
    if piece.is_page then
      dma_unmap_page(nic, piece.handle, piece.bytes, DMA_TO_DEVICE)
    else
      dma_unmap_single(nic, piece.handle, piece.bytes, DMA_TO_DEVICE)
    end
  end
end

-- The mappings of a packet, in order; nil where one of them fails.
local function mapped(skb)
  local pieces = {}
  local function add(h, bytes, is_page)
    if dma_mapping_error(nic, h) ~= 0 then return false end
    pieces[#pieces + 1] = { handle = h, bytes = bytes, is_page = is_page }
    return true
  end
  local head = skb_headlen(skb)
  local fine = add(dma_map_single(nic, skb.data, head, DMA_TO_DEVICE), head)
  local shared = skb_shinfo(skb)
  for i = 0, shared.nr_frags - 1 do
    local bytes = skb_frag_size(shared.frags[i])
    fine = fine and
        add(skb_frag_dma_map(nic, shared.frags[i], 0, bytes, DMA_TO_DEVICE), bytes, true)
  end
  if fine then return pieces end
  unmap(pieces)
end

-- xmit(header, payload): sends a packet: a header, which is a string, and the bytes of some pages,
-- a list of { page =, offset =, bytes = }. From here on the pages are the packet's.
function xmit(header, payload)
  local skb = packet(header, payload)
  local pieces = mapped(skb)
  if not pieces then return dev_kfree_skb(skb) end
  local last
  for i, piece in ipairs(pieces) do
    last = give(piece.handle, piece.bytes, i == #pieces and LAST or 0)
  end
  queue[#queue + 1] = { skb = skb, pieces = pieces, last = last }
  writel(1, DOORBELL)
end

-- clean(): gives back what belongs to packets that were sent. Answers how many those are. It is
-- called when the card may still be at work, and again when it has come to an end.
function clean()
  local sent = 0
  while queue[1] and load(queue[1].last + 12, 4) & OWN == 0 do
    local done = table.remove(queue, 1)
    unmap(done.pieces)
    dev_kfree_skb(done.skb)
    sent = sent + 1
  end
  return sent
end

-- close(): stops the card and gives the ring back.
function close()
  writel(RESET, CONTROL)
  readl(CONTROL)
  dma_free_coherent(nic, slots * 16, ring, handle)
end
