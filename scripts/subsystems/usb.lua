-- USB: a driver fills an urb (USB request block) and submits it; usbcore maps its buffer, the host
-- controller moves it, and when it is done unmaps it and calls the driver back
-- (drivers/usb/core/hcd.c, urb.c, message.c). The controller here is the device's own DMA engine,
-- and what hangs on it is an echo: it sends back what it was sent last, or what usb_answer tells
-- it.

local api = require "api"
local session = require "session"

local EAGAIN, EBUSY, EINVAL, EINPROGRESS, ENOENT = 11, 16, 22, 115, 2

local URB_NO_TRANSFER_DMA_MAP = 0x0004
local URB_DMA_MAP_SINGLE = 0x00010000
local DIR_IN, BULK = 0x80, 3 << 30
local PIECE = 4096      -- bytes the engine moves in one transfer

local log_line = {}
for i, row in ipairs(core.klog) do log_line[row.format] = i end

local function urb_words(urb)
  local state = urb.status == -EINPROGRESS and "submitted"
      or urb.status and "status " .. urb.status .. ", " .. urb.actual_length .. " bytes moved"
      or "new"
  return "urb, " .. (urb.transfer_buffer_length or 0) .. " bytes, " .. state
end

local new_urb = api.object("urb", "dev pipe transfer_buffer transfer_buffer_length " ..
    "transfer_flags transfer_dma actual_length status complete context", urb_words,
    "usb_alloc_urb()")

-- What the kernel knows of an urb: held, how many hold it (the driver from usb_alloc_urb to
-- usb_free_urb, the controller while it is submitted); sending, what it is sent.
local inside = setmetatable({}, { __mode = "k" })

local function check_held(urb)
  if inside[urb].held > 0 then return end
  api.fail("this urb was given back by usb_free_urb: nobody holds it any more\n" ..
      "  call usb_free_urb when you are done with it, or take a new one: usb_alloc_urb()")
end

-- The queue of the controller --------------------------------------------------------------------

local queues = api.kept {}       -- by device: the urbs it has, the first one under way
local answers = api.kept {}      -- by device: what it sends next
local past = session.past

-- The controller of a fresh machine knows no urbs.
local function queue_of(dev)
  if past ~= session.past then
    for unit in pairs(queues) do queues[unit] = nil end
    past = session.past
  end
  return queues[core.unit(dev)] or api.kept {}
end

local function is_in(urb) return urb.pipe & DIR_IN ~= 0 end

local function direction(urb) return is_in(urb) and DMA_FROM_DEVICE or DMA_TO_DEVICE end

-- How many bytes the next transfer of the engine moves for this urb; 0: it is done.
local function next_piece(urb)
  local n = math.min(urb.transfer_buffer_length - urb.actual_length, PIECE)
  return is_in(urb) and math.max(0, math.min(n, #inside[urb].sending - urb.actual_length)) or n
end

local function start_piece(urb)
  local n, at = next_piece(urb), urb.transfer_dma + urb.actual_length
  if n == 0 then return end
  if is_in(urb) then
    urb.dev:start_write(at, inside[urb].sending:sub(urb.actual_length + 1, urb.actual_length + n))
  else
    urb.dev:start_read(at, n)
  end
end

-- Its turn has come.
local function start(urb)
  local unit = core.unit(urb.dev)
  if is_in(urb) then
    inside[urb].sending = answers[unit] or urb.dev:buffer()
    answers[unit] = nil
  end
  start_piece(urb)
end

-- Mapping, as usb_hcd_map_urb_for_dma does it ----------------------------------------------------

local function refuse(urb, line)
  core.refuse(urb.dev, urb.transfer_buffer, urb.transfer_buffer_length, direction(urb))
  core.log(log_line[line])
  return -EAGAIN
end

local function map(urb)
  if urb.transfer_buffer_length == 0 or urb.transfer_flags & URB_NO_TRANSFER_DMA_MAP ~= 0 then
    return 0
  end
  local what = core.what(urb.transfer_buffer)
  if is_vmalloc_addr(urb.transfer_buffer) then
    return refuse(urb, "transfer buffer not dma capable")
  end
  if what and what.kind == "stack" then return refuse(urb, "transfer buffer is on stack") end
  local dma = dma_map_single(urb.dev, urb.transfer_buffer, urb.transfer_buffer_length,
      direction(urb))
  if dma_mapping_error(urb.dev, dma) ~= 0 then return -EAGAIN end
  urb.transfer_dma = dma
  urb.transfer_flags = urb.transfer_flags | URB_DMA_MAP_SINGLE
  return 0
end

local function unmap(urb)
  if urb.transfer_flags & URB_DMA_MAP_SINGLE == 0 then return end
  dma_unmap_single(urb.dev, urb.transfer_dma, urb.transfer_buffer_length, direction(urb))
  urb.transfer_flags = urb.transfer_flags & ~URB_DMA_MAP_SINGLE
end

-- Submitting and giving back ---------------------------------------------------------------------

local function give_back(urb, status)
  unmap(urb)
  urb.status = status
  if urb.complete then urb.complete(urb) end
  inside[urb].held = inside[urb].held - 1
end

local function submit(urb)
  check_held(urb)
  if not urb.dev then return -EINVAL end
  if urb.status == -EINPROGRESS then
    core.log(log_line["URB {x} submitted while active"], urb.transfer_buffer)
    return -EBUSY
  end
  local queue = queue_of(urb.dev)
  local error_number = map(urb)
  if error_number ~= 0 then return error_number end
  urb.status, urb.actual_length = -EINPROGRESS, 0
  if not queue[1] then
    local fine, why = pcall(start, urb)     -- the engine may be at work on something else
    if not fine then
      unmap(urb)
      urb.status = nil
      api.fail(why)
    end
  end
  queue[#queue + 1] = urb
  queues[core.unit(urb.dev)] = queue
  inside[urb].held = inside[urb].held + 1
  return 0
end

-- Let an urb run to its end: wait for the piece under way, start the next.
local function finish(urb)
  while next_piece(urb) > 0 do
    local n = next_piece(urb)
    urb.dev:wait()
    urb.actual_length = urb.actual_length + n
    start_piece(urb)
  end
end

-- The first one leaves the queue, the next one's turn has come.
local function leave(queue)
  table.remove(queue, 1)
  if queue[1] then start(queue[1]) end
end

local function irq(dev)
  local queue = queue_of(dev)
  if #queue == 0 then return 0 end
  for _ = 1, #queue do
    local urb = queue[1]
    finish(urb)
    leave(queue)
    give_back(urb, 0)
  end
  return 1
end

local function kill(urb)
  check_held(urb)
  local queue = urb.dev and queue_of(urb.dev) or {}
  for i = #queue, 1, -1 do
    if queue[i] == urb then
      if i == 1 then
        urb.dev:wait()
        leave(queue)
      else
        table.remove(queue, i)
      end
      give_back(urb, -ENOENT)
    end
  end
end

local function fill(urb, dev, pipe, buf, len, complete, context)
  check_held(urb)
  urb.dev, urb.pipe, urb.transfer_buffer, urb.transfer_buffer_length = dev, pipe, buf, len
  urb.complete, urb.context = complete, context
end

local function alloc_urb()
  local urb = new_urb { transfer_flags = 0, transfer_dma = 0, actual_length = 0,
      transfer_buffer_length = 0, transfer_buffer = 0 }
  inside[urb] = api.kept { held = 1 }
  return urb
end

local function bulk_msg(dev, pipe, buf, len)
  local urb = alloc_urb()
  fill(urb, dev, pipe, buf, len)
  local error_number = submit(urb)
  if error_number ~= 0 then return error_number, 0 end
  while urb.status == -EINPROGRESS do irq(dev) end
  return urb.status, urb.actual_length
end

-- While it is submitted the controller holds it too: complete may submit it again.
local function free_urb(urb)
  check_held(urb)
  inside[urb].held = inside[urb].held - 1
end

local who_owns = "from usb_submit_urb until complete is called the controller has the buffer: " ..
    "no load, no store"

return {
  name = "usb",
  rows = {
    { "usb_alloc_coherent", "dev, size [, gfp=GFP_KERNEL]", "va, dma; or nil",
      "a buffer both sides may touch, for many urbs: put va in transfer_buffer, dma in " ..
      "transfer_dma, and URB_NO_TRANSFER_DMA_MAP in transfer_flags",
      like = "dma_alloc_coherent", run = dma_alloc_coherent },
    { "usb_free_coherent", "dev, size, va, dma", "",
      "give it back; not in an interrupt, and not while an urb uses it",
      like = "dma_free_coherent", run = dma_free_coherent },
    { "usb_alloc_urb", "[iso_packets=0 [, gfp=GFP_KERNEL]]", "urb",
      "a new urb. Its fields: dev, pipe, transfer_buffer, transfer_buffer_length, " ..
      "transfer_flags, transfer_dma, actual_length, status, complete, context",
      run = alloc_urb },
    { "usb_free_urb", "urb", "", "give an urb back, not to be used any more; its buffer stays the driver's",
      run = free_urb },
    { "usb_sndbulkpipe", "dev, endpoint", "pipe", "the way out, to the device",
      run = function(_, endpoint) return BULK | endpoint << 15 end },
    { "usb_rcvbulkpipe", "dev, endpoint", "pipe", "the way in, from the device",
      run = function(_, endpoint) return BULK | endpoint << 15 | DIR_IN end },
    { "usb_fill_bulk_urb", "urb, dev, pipe, buf, len [, complete [, context=0]]", "",
      "say what the urb is to move: len bytes at buf, by pipe; complete(urb) is called when it " ..
      "is done",
      run = fill },
    { "usb_submit_urb", "urb [, gfp=GFP_KERNEL]", "0, or an error",
      "hand an urb to the controller; usbcore maps its buffer, unless transfer_flags has " ..
      "URB_NO_TRANSFER_DMA_MAP: then transfer_dma is used as it is",
      run = submit,
      notes = { "errors", "-11 (-EAGAIN): the buffer cannot be mapped; vmalloc memory and the " ..
          "stack are refused, dmesg says so. -16 (-EBUSY): submitted already. -22 (-EINVAL): " ..
          "not filled.",
          "owner", who_owns .. ". dma_map_single is usbcore's, not the driver's." },
      like = "dma_map_single" },
    { "usb_hcd_irq", "dev", "1, or 0 when there was nothing to do",
      "the controller's interrupt: lets time pass until the urbs it has are done, unmaps their " ..
      "buffers and calls complete(urb), one after the other",
      run = irq, like = "dma_unmap_single",
      notes = { "owner", "the CPU owns the buffer again when complete is called; " ..
          "urb.actual_length says how many bytes came." } },
    { "usb_kill_urb", "urb", "", "take an urb back: it is unmapped, and complete(urb) is called " ..
      "with status -2 (-ENOENT)", run = kill, like = "dma_unmap_single" },
    { "usb_bulk_msg", "dev, pipe, buf, len", "0 or an error, bytes moved",
      "submit an urb of its own, and wait for it", run = bulk_msg, like = "dma_unmap_single" },
    { "usb_answer", "dev, string", "",
      "no call of Linux: what the device at the other end will send next",
      run = function(dev, bytes) answers[core.unit(dev)] = bytes end },
  },
  constants = {
    { "URB_NO_TRANSFER_DMA_MAP", URB_NO_TRANSFER_DMA_MAP,
      "urb.transfer_dma is mapped already (usb_alloc_coherent): usbcore maps nothing" },
    { "URB_DMA_MAP_SINGLE", URB_DMA_MAP_SINGLE,
      "set by usbcore in urb.transfer_flags while it has the buffer mapped" },
  },
}
