-- What the deviations of a run did, and what came of it, in sentences. Reads the trace of the run.

local text = require "text"
local why = require "why"

local story = {}

local sentences, choices = {}, {}      -- metatables: how a story and its choices are shown

function sentences.__tostring(list)
  local lines = {}
  for i, sentence in ipairs(list) do lines[i] = text.labelled("  -", 4, sentence, 78) end
  return table.concat(lines, "\n")
end

function choices.__tostring(list)
  local lines = {}
  for i, c in ipairs(list) do
    lines[i] = ("question %d: %s, answer %d, event %d"):format(c.question, c.what, c.answer,
        c.event)
  end
  return #lines > 0 and table.concat(lines, "\n") or "all calm"
end

local DEVICE_BASE, DEVICE_WINDOW = 0x40000000, 1 << 20    -- core/hw/bus.h

local function place(pa) return why.named(why.va_of(pa)) end

local function line_of(pa) return "line " .. place(pa) end

local function device_of(pa)
  local device = core.devices[(pa - DEVICE_BASE) // DEVICE_WINDOW + 1]
  return device and device.name or "the device"
end

local function is_register(pa) return pa >= DEVICE_BASE end

local function register(pa)
  return ("register 0x%02x"):format((pa - DEVICE_BASE) % DEVICE_WINDOW)
end

local function where(pa)
  return is_register(pa) and register(pa) .. " of " .. device_of(pa) or place(pa)
end

-- Landmarks: the calls and transfers a moment lies between ---------------------------------------

local ops = { clean = "the clean", invalidate = "the invalidate", flush = "the flush" }

local calls = {
  ["dma.map"] = function(e) return "dma_map_" .. e.form end,
  ["dma.unmap"] = function(e) return "dma_unmap_" .. e.form end,
  ["dma.sync_cpu"] = function() return "the sync for the CPU" end,
  ["dma.sync_device"] = function() return "the sync for the device" end,
  ["dma.free"] = function(e) return "dma_free_" .. e.form end,
  ["mem.free"] = function() return "the free" end,
  ["cpu.load"] = function(e)
    return is_register(e.pa) and "the read of " .. register(e.pa) or "the CPU's load"
  end,
  ["cpu.store"] = function(e)
    return "the CPU's store" .. (is_register(e.pa) and " to " .. register(e.pa) or "")
  end,
  ["mmio.write"] = function(e) return "the write to " .. register(e.pa) end,
  ["mmio.read"] = function(e) return "the read of " .. register(e.pa) end,
  ["dev.done"] = function() return "the end of the DMA" end,
  ["dev.start"] = function() return "the start of the DMA" end,
  ["irq.raise"] = function() return "the interrupt" end,
}

calls["cache.op"] = function(e)
  local cause = e.cause ~= 0 and core.event(e.cause)
  local call = cause and calls[cause.kind] and cause.kind:find("^dma") and calls[cause.kind](cause)
  return (ops[e.op] or "the maintenance") .. (call and " of " .. call or "")
end

-- Which of them say something about a choice of this kind; those with an address only if it is
-- near.
local of_lines_before = { ["dma.map"] = true, ["dma.unmap"] = true, ["dma.sync_cpu"] = true,
    ["dma.sync_device"] = true, ["cache.op"] = true, ["cpu.store"] = true, ["cpu.load"] = true,
    ["dev.done"] = true }
local of_lines_after = { ["dma.unmap"] = true, ["dma.sync_cpu"] = true, ["dma.sync_device"] = true,
    ["cache.op"] = true, ["cpu.load"] = true, ["cpu.store"] = true, ["dev.done"] = true,
    ["mem.free"] = true, ["dma.free"] = true }
local of_time = { ["mmio.write"] = true, ["mmio.read"] = true, ["dma.map"] = true,
    ["dma.unmap"] = true, ["dma.sync_cpu"] = true, ["dev.start"] = true,
    ["dev.done"] = true, ["irq.raise"] = true, ["cpu.load"] = true, ["cpu.store"] = true }
local of_delay = { ["mmio.write"] = true, ["mmio.read"] = true, ["dma.map"] = true,
    ["dma.unmap"] = true, ["dma.sync_cpu"] = true, ["dma.free"] = true, ["mem.free"] = true,
    ["dev.start"] = true, ["dev.done"] = true, ["irq.raise"] = true }

local function near(e, pa, size)
  if e.kind == "dev.done" then return true end
  local at = e.pa or e.addr2
  return at and at < pa + size and pa < at + math.max(1, e.size)
end

-- The words of the nearest landmark from event `e` on in steps of `step`, up to `limit`. The call
-- that is under way is told by what it does.
local function landmark(e, step, limit, kinds, pa)
  local line = core.board().line
  for at = e.seq + step, limit, step do
    local other = core.event(at)
    if other and kinds[other.kind] and at ~= e.cause and (not pa or near(other, pa, line)) then
      return calls[other.kind](other)
    end
  end
end

local function between(e, first, last, before, after, pa)
  local a, b = landmark(e, -1, first, before, pa), landmark(e, 1, last, after, pa)
  if a and b then return " between " .. a .. " and " .. b end
  return a and " after " .. a or b and " before " .. b or ""
end

-- One deviation --------------------------------------------------------------------------------

local PACE_STEP = 8              -- cycles of a notch (core/hw/device.c)
local notches = { 1, 16, 256 }    -- of a delay (nature.h)

-- The first event behind `e` that is one of these kinds, and fits.
local function next_of(e, last, kinds, fits)
  for at = e.seq + 1, last do
    local other = core.event(at)
    if other and kinds[other.kind] and fits(other) then return other end
  end
end

-- When what was delayed came, and after what.
local function late(e, last, kinds, fits)
  local came = next_of(e, last, kinds, fits)
  if not came then return " had not come at the end" end
  local passed = landmark(came, -1, e.seq + 1, of_delay)
  return " came " .. text.count(came.cycle - e.cycle, "cycle") .. " later" ..
      (passed and ", after " .. passed or "")
end

local leaving = { ["sb.drain"] = true }

local function late_store(e, last)
  return late(e, last, leaving, function(other) return other.pa == e.about end)
end

-- Had the device written there since the CPU last did?
local function device_wrote(e, first)
  for at = e.seq - 1, first, -1 do
    local other = core.event(at)
    local writes = other and (other.kind == "dev.write" or other.kind == "sb.drain")
    if writes and e.about >= other.pa and e.about < other.pa + other.size then
      return other.kind == "dev.write" and other.unit
    end
  end
end

local say = {}

function say.prefetch(e) return "the prefetcher read " .. line_of(e.about) .. " back" end
function say.evict(e) return "the clean " .. line_of(e.about) .. " left the cache" end
function say.writeback(e) return "the dirty " .. line_of(e.about) .. " was written back" end
function say.drain(e, _, last)
  return "the store to " .. where(e.about) .. late_store(e, last)
end
function say.post(e, _, last)
  return "the write to " .. where(e.about) .. late_store(e, last)
end
function say.reorder(e, _, last)
  local younger = next_of(e, last, leaving, function() return true end)
  return (younger and "the store to " .. where(younger.pa) or "a younger store") ..
      " passed the older one to " .. where(e.about)
end
function say.early(e, first)
  local unit = device_wrote(e, first)
  return "the load of " .. place(e.about) .. " was done before its turn, with an earlier load" ..
      (unit and ": " .. core.devices[unit + 1].name .. " had not written there yet" or "")
end
function say.grant(e) return device_of(e.about) .. " had to leave the bus to the CPU for a beat" end
function say.pace(e)
  return device_of(e.about) .. " paused for " .. notches[e.picked] * PACE_STEP ..
      " cycles in its transfer"
end
function say.fault(e) return device_of(e.about) .. " broke down" end
function say.irq(e, _, last)
  local name = device_of(e.about)
  return "the interrupt of " .. name .. late(e, last, { ["irq.raise"] = true }, function(other)
    return core.devices[other.unit + 1].name == name
  end)
end
function say.complete(e)
  return device_of(e.about) .. " did a younger request first"
end
function say.fetch(e)
  return "the card read the descriptor at " .. place(e.about) .. " before its doorbell"
end
function say.iotlb(e)
  return "the IOMMU forgot the translation to " .. place(e.about) ..
      ", unmapped but not yet flushed,"
end

-- When, where the words do not say it themselves.
local of_a_line = { prefetch = true, evict = true, writeback = true }
local of_a_time = { grant = true, pace = true, fault = true, complete = true, iotlb = true }

local function sentence(e, first, last)
  local words = say[e.what] and say[e.what](e, first, last)
  if not words then return "nature chose " .. e.what .. " " .. e.picked end
  if of_a_line[e.what] then
    return words .. between(e, first, last, of_lines_before, of_lines_after, e.about)
  end
  return words .. (of_a_time[e.what] and between(e, first, last, of_time, of_time) or "")
end

-- What came of it ------------------------------------------------------------------------------

local function outcome(r)
  if r.kind ~= "violation" then
    return (r.kind == "error" and "" or r.kind .. ": ") .. r.why:match("[^\n]*")
  end
  for _, v in ipairs(core.violations()) do
    if v.rule == r.why then return why.in_short(v) end
  end
  return r.why
end

-- The run that has just been played, from event `first` on, as a list of sentences; its choices
-- learn what they were about.
function story.of(first, r)
  local _, last = core.trace()
  local list = setmetatable({}, sentences)
  setmetatable(r.choices, choices)
  for seq = first, last - 1 do
    local e = core.event(seq)
    if e and e.kind == "nature.choice" then
      list[#list + 1] = sentence(e, first, last - 1)
      local c = r.choices[#list]
      c.what, c.event, c.about = e.what, seq, e.about
    end
  end
  list[#list + 1] = outcome(r)
  return list
end

return story
