-- What `help` adds to calls outside the DMA API: errors, and what happens to the caches. By the
-- name of the call, or for all calls of its group.

local help_calls = {}

local no_memory = "nil: no memory left, or more than the profile allows (help profile)"
local wrong_free = "an address it did not hand out, or one given back already: nothing is freed " ..
    "and the mistake is named"
local no_remap = "nil: RAM of the kernel's, or no room; dmesg says which"
local nonsense = "none: another address than one of the linear map makes nonsense, as in Linux"
local oops = "an oops where nothing is mapped"
local aligned = "an oops where nothing is mapped, or where the address is no multiple of the width"
local transfer = "an error when the device is busy, when its transfer stalled, or when it has " ..
    "no such transfer (help DEVICE)"
local kernel_bug = "kernel BUG: an error, and nothing is changed"
local a_number = "an error for a number below the least"

local errors = {
  memory = no_memory, kmalloc = no_memory, krealloc = "nil: no memory; the old block stays",
  ksize = "0: no block begins there",
  kfree = wrong_free, vfree = wrong_free, free_pages = wrong_free .. "; another order is one",
  __free_pages = wrong_free .. "; another order is one",
  stack_array = "nil: not so much room is left of the stack's 16 KiB",
  ioremap = no_remap, ioremap_wc = no_remap,
  iounmap = "dmesg says when ioremap did not answer this address",
  request_mem_region = "nil and -16 (-EBUSY): somebody has claimed a part of it; -22 " ..
      "(-EINVAL): size 0",
  release_mem_region = "nil: nothing like it was claimed, as dmesg says",

  addresses = "none: any number may be asked about",
  virt_to_phys = nonsense, virt_to_page = nonsense,
  phys_to_virt = nonsense, page_address = nonsense, page_to_phys = nonsense,
  vmalloc_to_page = "nil: no address of the vmalloc area that is in use",

  cpu = oops, registers = aligned, mb = "none", rmb = "none", wmb = "none", dma_rmb = "none",
  dma_wmb = "none",
  cache = oops,
  ["cache.clean_all"] = "none", ["cache.invalidate_all"] = "none", ["cache.flush_all"] = "none",

  device = "none",
  ["dev:dma_read"] = transfer .. ". Where nothing answers the device gets 0xff",
  ["dev:dma_write"] = transfer .. ". Where nothing answers the bytes are gone",
  ["dev:start_read"] = transfer, ["dev:start_write"] = transfer,
  ["dev:wait"] = "false: it is still busy. dmesg and show devices tell more",
  ["dev:bind"] = "-16 (-EBUSY): the device has a driver",
  ["dev:receive"] = "false: no descriptor was free. An error for a device that receives nothing",
  ["dev:sent"] = "an error for a device that sends nothing",

  time = "none", run = "Ctrl-C ends it",
  context = "none", interrupts = "none",
  spin_unlock = "an error when the lock is not held",
  preempt_enable = "an error when preemption is on",
  local_irq_restore = "an error for flags that local_irq_save did not answer",
  might_sleep = "none; where nobody may sleep it is named (sleep-in-atomic)",
  msleep = "none; where nobody may sleep it is named (sleep-in-atomic)",
  usleep_range = "none; where nobody may sleep it is named (sleep-in-atomic)",
  enable_irq = "none; dmesg says when nothing had turned it off",

  block = "none", bio_add_page = "0: the bio has all the pieces it was made for",
  blk_rq_append_bio = "-22 (-EINVAL): too many segments for the queue, or the other direction",
  blk_rq_map_sg = "an error when the list has fewer entries than the request has segments",
  bio_alloc = "an error for more than BIO_MAX_VECS pieces (256)",
  blk_queue_max_segments = a_number, blk_queue_max_segment_size = a_number,
  blk_queue_segment_boundary = a_number,
  net = "none", skb_pull = "nil: there is less data", skb_put = kernel_bug, skb_push = kernel_bug,
  skb_to_sgvec = "-90 (-EMSGSIZE): the list has too few entries",
  alloc_skb = no_memory, dev_alloc_skb = no_memory, netdev_alloc_skb = no_memory,
  usb = "none",
}

local nothing = "nothing"
local zeros = "the zeros are stored through the cache: they may be there alone"
local poison = "what is written over freed memory (0x6b) is stored through the cache"
local through = "through them where the page is cached, past them where it is not"
local past = "registers are not cached: it goes past them"

local caches = {
  kzalloc = zeros, vzalloc = zeros, kfree = poison, vfree = poison, free_pages = poison,
  __free_pages = poison, krealloc = "when it moves, the bytes are copied through the cache",
  ioremap = "nothing; what is seen through it is not cached",
  ioremap_wc = "nothing; what is seen through it is not cached",
  cpu = through, mb = nothing .. ": a barrier orders, it writes nothing back",
  registers = past,
  ["cache.clean"] = "whole lines: all that a byte of the range lies in",
  ["cache.invalidate"] = "whole lines: neighbours of the range lose their stores too",
  ["cache.flush"] = "whole lines: all that a byte of the range lies in",
  ["cache.clean_all"] = "all lines", ["cache.invalidate_all"] = "all lines",
  ["cache.flush_all"] = "all lines",
}
for _, name in ipairs { "rmb", "wmb", "dma_rmb", "dma_wmb" } do caches[name] = caches.mb end

-- The device's transfers: by what the board is, not by the call.
local function of_transfer()
  return core.board().coherent and "the device asks them first: this board is coherent"
      or "nothing: the device goes to memory and does not ask them"
end
for _, name in ipairs { "dma_read", "dma_write", "start_read", "start_write" } do
  caches["dev:" .. name] = of_transfer
end

-- Puts what is not there yet behind the notes of a row: { label, words, ... }.
function help_calls.complete(row, notes)
  local list, has = table.move(notes, 1, #notes, 1, {}), {}
  for i = 1, #notes, 2 do has[notes[i]] = true end
  if not has.errors then
    table.insert(list, 1, "errors")
    table.insert(list, 2, errors[row.name] or errors[row.group] or "none")
  end
  return list
end

-- A sentence; for calls outside the DMA API.
function help_calls.caches_of(row)
  local words = caches[row.name] or caches[row.group] or nothing
  return type(words) == "function" and words() or words
end

return help_calls
