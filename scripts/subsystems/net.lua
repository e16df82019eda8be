-- Networking: an sk_buff is a packet. Its head is one block of kmalloc: headroom, data, tailroom,
-- and behind `end` struct skb_shared_info; more data lies in fragments of pages
-- (net/core/skbuff.c). Here the struct is Lua's and the block is the kernel's, so the checker sees
-- it like any other.

local api = require "api"
local text = require "text"

local NET_SKB_PAD, NET_IP_ALIGN, MAX_SKB_FRAGS = 64, 2, 17
local SHARED_INFO = 320    -- bytes of struct skb_shared_info

local function skb_words(skb)
  return string.format("sk_buff, %d%s bytes at %s; headroom %d, tailroom %d%s",
      skb.len - skb.data_len, skb.data_len > 0 and " + " .. skb.data_len or "",
      text.hex(skb.data), skb.data - skb.head, skb["end"] - skb.tail, skb.freed and "; freed" or "")
end

local new_skb = api.object("sk_buff", "head data tail end len data_len truesize dev shared freed",
    skb_words, "alloc_skb(n)")
local new_frag = api.object("skb_frag_t", "page offset size", function(frag)
  return string.format("fragment, %d bytes at %d of page %s", frag.size, frag.offset,
      text.hex(page_to_phys(frag.page) >> 12))
end, "skb_shinfo(skb).frags[0]")
local new_shared = api.object("skb_shared_info", "nr_frags frags", function(shared)
  return "skb_shared_info: nr_frags " .. shared.nr_frags
end, "skb_shinfo(skb)")
api.argument("skb", "sk_buff")
api.argument("frag", "skb_frag_t")

local function live(skb, call)
  if skb.freed then api.fail(call .. ": kfree_skb has freed this skb\n  allocate a new one") end
end

-- Making and freeing -----------------------------------------------------------------------------

local function aligned(n)
  local line = core.board().line
  return (n + line - 1) // line * line
end

-- As kmalloc_reserve: the whole block is used, and the shared info lies at its end.
local function alloc_skb(size, gfp)
  local shared = aligned(SHARED_INFO)
  local head = kmalloc(aligned(size) + shared, gfp)
  if not head then return nil end
  local room = ksize(head)
  return new_skb { head = head, data = head, tail = head, ["end"] = head + room - shared, len = 0,
      data_len = 0, truesize = room,
      shared = new_shared { nr_frags = 0, frags = api.kept {} } }
end

local function reserve(skb, len)
  live(skb, "skb_reserve")
  skb.data, skb.tail = skb.data + len, skb.tail + len
end

local function netdev_alloc_skb(dev, len, gfp)
  local pad = math.max(NET_SKB_PAD, core.board().line)
  local skb = alloc_skb(len + pad, gfp)
  if not skb then return nil end
  reserve(skb, pad)
  skb.dev = dev
  return skb
end

-- Twice is twice: the frees are the kernel's, and they are named.
local function kfree_skb(skb)
  if not skb then return end
  for i = 0, skb.shared.nr_frags - 1 do __free_pages(skb.shared.frags[i].page, 0) end
  kfree(skb.head)
  skb.freed = true
end

-- Head and tail ----------------------------------------------------------------------------------

-- The kernel's BUG, in its words.
local function over(skb, what, len)
  api.fail(string.format("kernel BUG: skb_%s_panic: len:%d put:%d head:%s data:%s " ..
      "tail:%s end:%s\n  ask skb_headroom(skb) and skb_tailroom(skb) first", what, skb.len, len,
      text.hex(skb.head), text.hex(skb.data), text.hex(skb.tail), text.hex(skb["end"])))
end

local function put(skb, len)
  live(skb, "skb_put")
  local at = skb.tail
  if at + len > skb["end"] then over(skb, "over", len) end
  skb.tail, skb.len = at + len, skb.len + len
  return at
end

local function push(skb, len)
  live(skb, "skb_push")
  if skb.data - len < skb.head then over(skb, "under", len) end
  skb.data, skb.len = skb.data - len, skb.len + len
  return skb.data
end

local function headlen(skb) return skb.len - skb.data_len end

local function pull(skb, len)
  live(skb, "skb_pull")
  if len > headlen(skb) then return nil end
  skb.data, skb.len = skb.data + len, skb.len - len
  return skb.data
end

-- Fragments --------------------------------------------------------------------------------------

local function fill_page_desc(skb, i, page, offset, size)
  live(skb, "skb_fill_page_desc")
  if i >= MAX_SKB_FRAGS then
    api.fail("an skb has fragments 0 to " .. MAX_SKB_FRAGS - 1 .. " (MAX_SKB_FRAGS), not " .. i)
  end
  for j = skb.shared.nr_frags, i - 1 do
    api.fail("fragment " .. j .. " comes before fragment " .. i)
  end
  skb.shared.frags[i] = new_frag { page = page, offset = offset, size = size }
  skb.shared.nr_frags = i + 1
end

local function add_rx_frag(skb, i, page, offset, size, truesize)
  fill_page_desc(skb, i, page, offset, size)
  skb.len, skb.data_len = skb.len + size, skb.data_len + size
  skb.truesize = skb.truesize + truesize
end

local function frag_dma_map(dev, frag, offset, size, dir)
  return dma_map_page(dev, frag.page, frag.offset + offset, size or frag.size - offset, dir)
end

local function frag_address(frag) return page_address(frag.page) + frag.offset end

-- The bytes [offset, offset + len) of an skb, in pieces: page, offset in it, bytes.
local function pieces(skb, offset, len)
  local list = {}
  local function add(page, at, size)
    local skip = math.min(offset, size)
    local n = math.min(size - skip, len)
    offset, len = offset - skip, len - n
    if n > 0 then list[#list + 1] = { page = page, offset = at + skip, size = n } end
  end
  add(virt_to_page(skb.data), skb.data & PAGE_SIZE - 1, headlen(skb))
  for i = 0, skb.shared.nr_frags - 1 do
    local frag = skb.shared.frags[i]
    add(frag.page, frag.offset, frag.size)
  end
  return list, len
end

local EMSGSIZE = 90

local function to_sgvec(skb, sg, offset, len)
  live(skb, "skb_to_sgvec")
  local list, missing = pieces(skb, offset, len)
  if missing > 0 or #list > #sg then return -EMSGSIZE end
  sg_init_table(sg, #list)
  for i, piece in ipairs(list) do
    sg_set_page(sg[i - 1], piece.page, piece.size, piece.offset)
  end
  return #list
end

local owner = { "owner", "the driver's until it is mapped; what is mapped must be unmapped " ..
    "before the skb is given up the stack or freed" }

return {
  name = "net",
  rows = {
    { "alloc_skb", "size [, gfp=GFP_KERNEL]", "skb or nil",
      "an empty packet with tailroom for size bytes and no headroom; its fields: head, data, " ..
      "tail, end, len, data_len, truesize", run = alloc_skb, notes = owner },
    { "dev_alloc_skb", "size [, gfp=GFP_ATOMIC]", "skb or nil",
      "an empty packet to receive into: NET_SKB_PAD bytes of headroom, tailroom for size",
      run = function(size, gfp) return netdev_alloc_skb(nil, size, gfp) end, notes = owner },
    { "netdev_alloc_skb", "dev, size [, gfp=GFP_ATOMIC]", "skb or nil",
      "dev_alloc_skb for this device", run = netdev_alloc_skb, notes = owner },
    { "kfree_skb", "[skb=nil]", "",
      "drop a packet: its head and the pages of its fragments are freed; nil is nothing to free",
      run = kfree_skb },
    { "dev_kfree_skb", "[skb=nil]", "", "kfree_skb for a packet that was sent", run = kfree_skb },
    { "skb_reserve", "skb, len", "", "headroom of len bytes more, while the packet is empty",
      run = reserve },
    { "skb_put", "skb, len", "va", "len bytes more at the end; answers where they begin",
      run = put, notes = { "errors", "kernel BUG when there is no tailroom for them" } },
    { "skb_push", "skb, len", "va", "len bytes more in front, for a header; answers where",
      run = push, notes = { "errors", "kernel BUG when there is no headroom for them" } },
    { "skb_pull", "skb, len", "va or nil", "len bytes less in front; nil when the head has fewer",
      run = pull },
    { "skb_headroom", "skb", "bytes", "room in front of the data",
      run = function(skb) return skb.data - skb.head end },
    { "skb_tailroom", "skb", "bytes", "room behind the data; 0 once there are fragments",
      run = function(skb) return skb.data_len > 0 and 0 or skb["end"] - skb.tail end },
    { "skb_headlen", "skb", "bytes",
      "what lies at skb.data; the rest of skb.len is in fragments. Map this, not skb.len: " ..
      "dma_map_single(dev, skb.data, skb_headlen(skb), DMA_TO_DEVICE)", run = headlen },
    { "skb_shinfo", "skb", "shared info", "nr_frags, and frags, counted from 0",
      run = function(skb) return skb.shared end },
    { "skb_add_rx_frag", "skb, i, page, offset, size, truesize", "",
      "fragment i is size bytes of a page, and the packet so much longer; the page is the skb's " ..
      "from here on", run = add_rx_frag },
    { "skb_fill_page_desc", "skb, i, page, offset, size", "",
      "fragment i is size bytes of a page; len, data_len and truesize are the driver's to change",
      run = fill_page_desc },
    { "skb_frag_size", "frag", "bytes", "how long a fragment is",
      run = function(frag) return frag.size end },
    { "skb_frag_off", "frag", "bytes", "where in its page a fragment begins",
      run = function(frag) return frag.offset end },
    { "skb_frag_page", "frag", "page", "the struct page of a fragment",
      run = function(frag) return frag.page end },
    { "skb_frag_address", "frag", "va", "the CPU's address of a fragment", run = frag_address },
    { "skb_frag_dma_map", "dev, frag, offset, size, dir", "dma or DMA_MAPPING_ERROR",
      "dma_map_page of size bytes of a fragment; undo it with dma_unmap_page",
      run = frag_dma_map, like = "dma_map_page" },
    { "skb_to_sgvec", "skb, sg, offset, len", "entries, or -EMSGSIZE (-90)",
      "fill a list with len bytes of a packet, head and fragments, for dma_map_sg",
      run = to_sgvec },
  },
  constants = {
    { "NET_SKB_PAD", NET_SKB_PAD,
      "headroom of a packet to receive into; more where lines are longer" },
    { "NET_IP_ALIGN", NET_IP_ALIGN,
      "skb_reserve so many bytes more and the IP header is aligned; 0 on x86 and arm64" },
    { "MAX_SKB_FRAGS", MAX_SKB_FRAGS, "fragments an skb has at most" },
  },
}
