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

local function where(pa)
  return pa >= DEVICE_BASE and "a register of " .. device_of(pa) or place(pa)
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
  ["cpu.barrier"] = function(e) return e.barrier .. "()" end,
  ["cpu.load"] = function() return "the CPU's load" end,
  ["cpu.store"] = function() return "the CPU's store" end,
  ["mmio.write"] = function() return "a register write" end,
  ["mmio.read"] = function() return "a register read" end,
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
local of_time = { ["cpu.barrier"] = true, ["mmio.write"] = true, ["mmio.read"] = true,
    ["dma.map"] = true, ["dma.unmap"] = true, ["dma.sync_cpu"] = true, ["dev.start"] = true,
    ["dev.done"] = true, ["irq.raise"] = true, ["cpu.load"] = true, ["cpu.store"] = true }

local function near(e, pa, size)
  if e.kind == "dev.done" or e.kind == "cpu.barrier" then return true end
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

local steps = { 1, 16, 256 }     -- notches of a delay (nature.h)

local say = {}

function say.prefetch(e) return "the prefetcher read " .. line_of(e.about) .. " back" end
function say.evict(e) return "the clean " .. line_of(e.about) .. " left the cache" end
function say.writeback(e) return "the dirty " .. line_of(e.about) .. " was written back" end
function say.drain(e)
  return "the store to " .. where(e.about) .. " stayed in the store buffer " ..
      steps[e.picked] * core.board().cycles_store .. " cycles longer"
end
function say.post(e)
  return "the write to " .. where(e.about) .. " was on its way " ..
      steps[e.picked] * core.board().cycles_store .. " cycles longer"
end
function say.reorder(e) return "a younger store passed the one to " .. where(e.about) end
function say.early(e)
  return "the load of " .. place(e.about) .. " was done before its turn, with an earlier load"
end
function say.grant(e) return device_of(e.about) .. " had to leave the bus to the CPU for a beat" end
function say.pace(e)
  return device_of(e.about) .. " paused for " .. steps[e.picked] * 8 .. " cycles in its transfer"
end
function say.fault(e) return device_of(e.about) .. " broke down" end
function say.irq(e)
  return "the interrupt of " .. device_of(e.about) .. " was " .. steps[e.picked] * 16 ..
      " cycles on its way"
end
function say.complete(e)
  return device_of(e.about) .. " did a younger request first"
end
function say.fetch(e)
  return "the card read the descriptor at " .. place(e.about) .. " before its doorbell"
end
function say.iotlb(e)
  return "the IOMMU forgot the translation to " .. place(e.about) ..
      ", unmapped but not flushed yet"
end

local of_a_line = { prefetch = true, evict = true, writeback = true }

local function sentence(e, first, last)
  local words = say[e.what] and say[e.what](e) or "nature chose " .. e.what .. " " .. e.picked
  if of_a_line[e.what] then
    return words .. between(e, first, last, of_lines_before, of_lines_after, e.about)
  end
  return words .. between(e, first, last, of_time, of_time)
end

-- What came of it ------------------------------------------------------------------------------

local function outcome(r)
  if r.kind ~= "violation" then
    return (r.kind == "error" and "" or r.kind .. ": ") .. r.why:match("[^\n]*")
  end
  for _, v in ipairs(core.violations()) do
    if v.severity == "error" then return why.in_short(v) end
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
