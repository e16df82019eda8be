-- Broken rules in words: the announcement, the list, and the chain of events behind one.

local session = require "session"
local text = require "text"

local why = {}

local hex = text.hex

-- phys_to_virt, but no call of the API: that would let the next violation be announced inside this
-- one. The same on every board (core/hw/mmu.h).
local LINEAR_BASE = 0xffff800000000000

-- Names and places -----------------------------------------------------------------------------

-- The user's variable that holds this address: the shortest, then the first by the alphabet.
local function variable(address)
  local best
  for name, value in pairs(_G) do
    if value == address and math.type(value) == "integer" and name ~= "_"
        and session.known[name] == nil
       and (not best or #name < #best or (#name == #best and name < best)) then
      best = name
    end
  end
  return best
end

local function is_bounced(va)
  local pool = core.swiotlb()
  local pa = va - LINEAR_BASE
  return pool ~= nil and pa >= pool.start and pa < pool.start + pool.size
end

-- "buf+8", "kmalloc-256+8", or nil for an address nobody has a name for.
local function name_of(va)
  local w, exact = core.what(va), variable(va)
  if exact then return exact .. "+0" end
  if is_bounced(va) then return "bounce buffer" end
  if not w or not w.start then return end
  local offset = va - w.start
  return (variable(w.start) or w.cache or w.kind) .. "+" .. offset
end

-- The CPU's address of RAM: coherent memory is known by its own, the rest by the linear map.
function why.va_of(pa)
  for _, m in ipairs(core.mappings()) do
    if m.coherent and pa >= m.pa and pa < m.pa + m.size and m.va and m.va ~= 0 then
      return m.va + pa - m.pa
    end
  end
  return LINEAR_BASE + pa
end

local function named(va)
  local name = name_of(va)
  return hex(va) .. (name and " (" .. name .. ")" or "")
end

-- "0xffff800000100040..47 (buf+0)"; where it ends is left out when size does not tell.
function why.range(va, size)
  local shown = hex(va)
  if size > 1 and size < 0xffffffff then
    local last = hex(va + size - 1)
    local same = 0
    while shown:sub(1, same + 1) == last:sub(1, same + 1) and same < #shown do same = same + 1 end
    shown = shown .. ".." .. last:sub(math.min(same + 1, #last - 1))
  end
  local name = name_of(va)
  return shown .. (name and " (" .. name .. ")" or "")
end

why.named = named

local function value(v, width) return string.format("0x%0" .. 2 * math.max(1, math.min(8, width))
    .. "x", v) end

local writers = { cpu = "the CPU", device = "the device", kernel = "the kernel" }

local function written(by, event)
  local who = writers[by]
  if not who then return "which nobody wrote since the machine was switched on" end
  local e = core.event(event)
  return "written by " .. who .. " at event " .. event .. (e and " (cycle " .. e.cycle .. ")" or "")
end

-- Violations -----------------------------------------------------------------------------------

-- How each rule calls the older and the newer value.
local labels = {
  ["stale-read"] = { "CPU saw", "newest" },
  ["wrong-sync"] = { "CPU saw", "newest" },
  ["device-read-stale"] = { "it got", "newest" },
  ["device-data-lost"] = { "now", "lost" },
  ["cpu-data-lost"] = { "left", "lost" },
  ["cpu-write-device-owned"] = { "before", "stored" },
  ["cpu-read-device-owned"] = { "CPU saw" },
  ["use-after-free"] = { "there" },
  ["order-device-early"] = { "memory", "stored" },
  ["order-cpu-early"] = { "CPU saw", "newest" },
  ["double-fetch"] = { "first", "then" },
}

local function where(v)
  local size = math.max(1, v.size)
  local bytes = size > 1 and ", " .. text.bytes(size) or ""
  if v.va and v.va ~= 0 then return why.range(v.va, size) .. bytes end
  if v.on_bus then return "bus address " .. hex(v.dma) .. bytes end
  return why.range(why.va_of(v.pa), size) .. bytes
end

-- Whose line it is, where a mapping has one in common with these bytes.
local function owner(v)
  return why.range(why.va_of(v.beside_pa), v.beside_size) .. ", "
      .. text.bytes(v.beside_size) .. " mapped for a device"
end

-- The advice for this very case, else the rule's remedy.
local function advice(v)
  return v.advice and v.advice ~= "" and v.advice or "remedy: " .. v.remedy
end

-- A device that refuses touches no bytes at all.
local function has_bytes(v) return v.va ~= 0 or v.pa ~= -1 or v.on_bus end

-- Both sides agree: the order was right, but nobody had asked for it.
local function unharmed()
  return core.board().coherent and "the same: this machine keeps them in order"
      or "the same, by luck this time"
end

-- The older and the newer bytes, each with what to call it and who wrote it.
local function sides(v)
  local names, list = labels[v.rule] or {}, {}
  if names[1] and names[2] and v.old_by ~= "nobody" and v.old_event == v.new_event then
    list[1] = { names[1], unharmed() }
  elseif names[1] and v.rule == "order-cpu-early" then
    list[1] = { names[1], value(v.old_value, v.width) .. ", what was there before" }
  elseif names[1] then
    list[1] = { names[1], value(v.old_value, v.width) .. ", " .. written(v.old_by, v.old_event) }
  end
  if names[2] then
    list[2] = { names[2], value(v.new_value, v.width) .. ", " .. written(v.new_by, v.new_event) }
  end
  return list
end

-- The call that may sleep, in words.
local sleepers = {
  kmalloc = "kmalloc with GFP_KERNEL", alloc_pages = "pages with GFP_KERNEL",
  dma_alloc = "memory for DMA with GFP_KERNEL", dma_free = "dma_free_coherent",
  sg_alloc_table = "sg_alloc_table with GFP_KERNEL",
}

local function sleeper(e) return e and (sleepers[e.sleeper] or e.sleeper) end

local function facts(v)
  local out = {}
  local function fact(label, words) out[#out + 1] = text.labelled("  " .. label, 10, words, 78) end
  if v.rule == "sleep-in-atomic" then
    local call = sleeper(core.event(v.seq))
    if call then fact("call", call) end
  end
  if has_bytes(v) then fact("bytes", where(v)) end
  if v.beside_size > 0 then fact("line of", owner(v)) end
  for _, side in ipairs(sides(v)) do fact(side[1], side[2]) end
  return out
end

local function head(v)
  return v.rule .. " at event " .. v.seq .. ": " .. v.sentence
end

-- What is printed when a rule breaks.
function why.announce(v, out)
  local mark = v.severity == "warning" and "! warning: " or "! "
  out:write((text.wrap(mark .. head(v), 78, "  "):gsub("^! [%w-]+",
      function(rule) return text.paint("red", rule) end)), "\n")
  for _, fact in ipairs(facts(v)) do out:write(fact, "\n") end
  out:write(text.labelled("  ", 2, advice(v), 78), "\n")
  if session.speaks then out:write("  why() shows how it came about\n") end
end

-- The violation as one sentence.
local function sentence(v)
  local parts = { head(v) }
  if has_bytes(v) then parts[2] = where(v) end
  if v.beside_size > 0 then parts[#parts + 1] = "in a line of " .. owner(v) end
  for _, side in ipairs(sides(v)) do parts[#parts + 1] = side[1] .. " " .. side[2] end
  if v.advice and v.advice ~= "" then parts[#parts + 1] = v.advice end
  parts[#parts + 1] = "remedy: " .. v.remedy
  return table.concat(parts, "; ")
end

-- The same without what to do about it.
function why.in_short(v)
  return v.rule .. ": " .. v.sentence .. (has_bytes(v) and "; " .. where(v) or "")
end

local listed = {}   -- metatable: how the prompt shows the list

function listed.__tostring(list)
  if #list == 0 then return "no rule was broken" end
  local rows = { { "#", "event", "rule", "times", "bytes" } }
  for i, v in ipairs(list) do
    rows[#rows + 1] = { tostring(i), tostring(v.seq), v.rule, tostring(v.count), has_bytes(v) and where(v) or "none" }
  end
  return text.columns(rows, { true, true, false, true }) .. "\nwhy(n) explains one"
end

-- Errors first, then warnings, each with its number in the core's list.
local function in_order()
  local list, warnings = {}, {}
  for i, v in ipairs(core.violations()) do
    v.index = i
    local to = v.severity == "error" and list or warnings
    to[#to + 1] = v
  end
  local errors = #list
  return table.move(warnings, 1, #warnings, errors + 1, list), errors
end

-- A warning breaks no rule yet: it is listed only for who asks for all.
function why.violations(which)
  if which ~= nil and which ~= "all" then
    error('violations() lists what is broken, violations("all") warnings too', 0)
  end
  local list, errors = in_order()
  for i = #list, errors + 1, -1 do
    if not which then list[i] = nil end
  end
  for _, v in ipairs(list) do
    v.text = sentence(v)
    v.events = v.chain
  end
  return setmetatable(list, listed)
end

-- Events in sentences --------------------------------------------------------------------------

local homes = { ram = "RAM", l1 = "L1", l2 = "L2", store_buffer = "the store buffer",
    device = "the device", early = "a copy read before its turn" }

local directions = { bidirectional = "DMA_BIDIRECTIONAL", to_device = "DMA_TO_DEVICE",
    from_device = "DMA_FROM_DEVICE" }

-- The device of an event as an argument, and in a sentence: the first one is dev.
local function device_name(e)
  return e.unit == 0 and "dev" or "devices." .. core.devices[e.unit + 1].name
end
local function the_device(e)
  return e.unit == 0 and "the device" or "the " .. core.devices[e.unit + 1].name
end

local function bytes(e) return text.bytes(e.size) end

-- The same as an argument of a call.
local function size_of(e) return e.size >= 0xffffffff and bytes(e) or tostring(e.size) end

-- "0x11 (1 byte)"; more than 8 bytes are 8 that repeat.
local function of_value(e)
  if e.size <= 8 then return value(e.value, e.size) end
  local byte = e.value & 0xff
  if e.value == byte * 0x0101010101010101 then return string.format("0x%02x in each byte", byte) end
  return value(e.value, 8) .. " over and over"
end

local function line_at(e) return "the line of " .. named(why.va_of(e.pa)) end

local function level(e) return "L" .. e.unit end

local function dma_call(name)
  return function(e, effect)
    if e.dma == -1 then effect = "this is DMA_MAPPING_ERROR, no mapping" end
    return string.format("%s(%s, %s, %s, %s): %s", name, device_name(e), hex(e.dma), size_of(e),
        directions[e.dir] or tostring(e.dir), effect)
  end
end

local say = {}

say["cpu.load"] = function(e)
  return "the CPU read " .. bytes(e) .. " at " .. named(e.va) .. ": " .. of_value(e) .. "; "
      .. (homes[e.at] or e.at) .. " answered"
end
say["cpu.store"] = function(e)
  local landed = { l1 = "it stayed in L1", l2 = "it stayed in L2", ram = "it went to RAM",
                   store_buffer = "it waits in the store buffer", device = "it went to the device" }
  return (e.kernel == 1 and "the kernel" or "the CPU") .. " stored " .. of_value(e) .. " ("
      .. bytes(e) .. ") at "
    .. named(e.va) .. "; " .. (landed[e.at] or e.at)
end
say["cpu.barrier"] = function(e) return e.barrier .. "()" end
say["sb.drain"] = function(e) return "the store of " .. of_value(e)
    .. " left the store buffer for pa " .. hex(e.pa) end
say["cache.fill"] = function(e) return level(e) .. " read in " .. line_at(e) end
say["cache.take"] = function(e) return level(e) .. " took " .. line_at(e)
    .. ", written back from above" end
say["cache.writeback"] = function(e) return level(e) .. " wrote " .. line_at(e)
    .. " back to the level below" end
say["cache.through"] = function(e) return level(e) .. " passed the store of " .. of_value(e)
    .. " on to the level below" end
say["cache.drop"] = function(e)
  local reasons = { evict = "to make room", invalidate = "because of an invalidate",
      snoop = "because a device wrote it" }
  return level(e) .. " dropped " .. line_at(e) .. " " .. (reasons[e.why] or tostring(e.why))
    .. (e.dirty and e.dirty ~= 0 and "; it was dirty, its stores are gone" or "")
end
say["cache.share"] = function(e) return "a device's snoop found " .. line_at(e) .. " in "
    .. level(e) end
say["cache.op"] = function(e)
  return "cache maintenance: " .. e.op .. " of " .. bytes(e) .. " at " .. named(why.va_of(e.pa))
end
say["cache.prefetch"] = function(e) return "the CPU read ahead: " .. line_at(e) end
say["bus.fault"] = function(e)
  return the_device(e) .. " named bus address " .. hex(e.dma) .. ", where nothing answers"
end
local function beat(e) return the_device(e) .. "'s " .. (e.write == 1 and "write to " or "read of ")
    .. hex(e.dma) end

say["iommu.map"] = function(e)
  return "the IOMMU's table has " .. hex(e.dma) .. " for " .. bytes(e) .. " at pa " .. hex(e.pa)
      .. "; the device may " .. (e.prot == "both" and "read and write" or e.prot)
end
say["iommu.unmap"] = function(e)
  return "the IOMMU's table has nothing for " .. bytes(e) .. " at " .. hex(e.dma) .. " any more"
end
say["iotlb.flush"] = function(e)
  return "the IOMMU forgot what it remembered of "
      .. (e.size == 0 and "all translations" or bytes(e) .. " at " .. hex(e.dma))
end
say["iommu.fault"] = function(e)
  return "the IOMMU stopped " .. beat(e) .. ": " .. (e.why == "permission"
      and "it is mapped, but not for this direction" or "nothing is mapped there")
end
say["iotlb.stale"] = function(e)
  return beat(e) .. " got through to pa " .. hex(e.pa)
      .. ": unmapped, but the IOTLB still remembered it"
end
say["kernel.log"] = function() return "the kernel wrote a line to its log: dmesg shows it" end
say["dev.start"] = function(e)
  local to = e.dir == "to_device"
  return the_device(e) .. " began to " .. (to and "read " or "write ") .. bytes(e)
      .. (to and " from " or " to ") .. "bus address " .. hex(e.dma)
end
say["dev.read"] = function(e) return the_device(e) .. " read " .. of_value(e) .. " from RAM at "
    .. named(why.va_of(e.pa)) end
say["dev.write"] = function(e) return the_device(e) .. " wrote " .. of_value(e) .. " to RAM at "
    .. named(why.va_of(e.pa)) end
say["dev.take"] = function(e)
  return the_device(e) .. " took the descriptor at bus address " .. hex(e.dma)
end
say["dev.give"] = function(e)
  return the_device(e) .. " gave the descriptor at bus address " .. hex(e.dma) .. " back"
end
say["irq.raise"] = function(e) return the_device(e) .. " raised its interrupt line" end
say["irq.lower"] = function(e) return the_device(e) .. "'s interrupt was acknowledged" end
say["dev.done"] = function(e) return the_device(e) .. " finished its transfer of " .. bytes(e) end
say["driver.bind"] = function(e)
  return "driver " .. string.pack("<I8I8I8", e.name, e.name2, e.name3):gsub("\0", "")
      .. " was bound to " .. device_name(e) .. ", and its probe began"
end
say["driver.unbind"] = function(e)
  return e.probe_failed == 1 and "the probe failed: " .. device_name(e) .. " has no driver again"
      or "the driver was released from " .. device_name(e)
end
say["dev.clamp"] = function(e) return the_device(e) .. " dropped address bits: " .. hex(e.dma)
    .. " became " .. hex(e.dma2) end
say["mem.alloc"] = function(e) return bytes(e) .. " were handed out at " .. named(e.va) end
say["mem.free"] = function(e) return "the memory at " .. named(e.va) .. " was freed" end
say["mem.bad_free"] = function(e)
  local reasons = { twice = "it was freed already", inside = "it is inside a block, not its start",
                    foreign = "no such allocation", order = "another order than it was " ..
                        "allocated with" }
  return "somebody freed " .. named(e.va) .. ": " .. (reasons[e.why] or tostring(e.why))
end
-- A call is named by the form of its event: dma_map_page, dma_unmap_sg, dma_alloc_coherent.
local function called(what, e) return "dma_" .. what .. "_" .. tostring(e.form) end

say["dma.map"] = function(e)
  return string.format("%s(%s, %s, %s, %s) gave %s: the device owns these bytes",
      called("map", e), device_name(e), e.form == "resource" and hex(e.pa) or named(e.value),
      size_of(e), directions[e.dir] or tostring(e.dir), hex(e.dma))
end
say["dma.unmap"] = function(e)
  return dma_call(called("unmap", e))(e, "the CPU owns them again")
end
local function synced(e, towards)
  return "dma_sync_" .. (e.form == "sg" and "sg" or "single") .. "_for_" .. towards
end
say["dma.sync_cpu"] = function(e) return dma_call(synced(e, "cpu"))(e, "the CPU may touch them") end
say["dma.sync_device"] = function(e) return dma_call(synced(e, "device"))(e,
    "the device owns them") end
say["dma.map_sg"] = function(e)
  return "dma_map_sg was given a list of " .. e.nents .. " and made "
      .. text.count(e.mapped, "segment") .. " of it"
end
say["dma.alloc"] = function(e) return called("alloc", e) .. " gave " .. bytes(e) .. " at "
    .. hex(e.dma) end
say["dma.piece"] = function(e)
  return bytes(e) .. " of it at " .. hex(e.dma) .. " are at " .. named(e.va)
end
say["dma.free"] = function(e) return called("free", e) .. " took back " .. hex(e.dma) end

local function pool_name(e)
  return "pool " .. e.pool .. ' "' .. text.packed(e.name, e.name2) .. '"'
end
local function out_now(n) return text.count(n, "block") .. (n == 1 and " is" or " are") .. " out" end

say["pool.create"] = function(e)
  return "dma_pool_create made " .. pool_name(e) .. ": blocks of " .. bytes(e)
end
say["pool.chunk"] = function(e)
  return "pool " .. e.pool .. " took " .. bytes(e) .. " of coherent memory at " .. named(e.va)
      .. " and cut them into free blocks"
end
say["pool.alloc"] = function(e)
  return "pool " .. e.pool .. " handed out the block of " .. bytes(e) .. " at " .. named(e.va)
      .. " with handle " .. hex(e.dma) .. "; " .. out_now(e.busy)
end
say["pool.free"] = function(e)
  return "dma_pool_free gave " .. named(e.va) .. " with handle " .. hex(e.dma) .. " back to pool "
      .. e.pool
end
say["pool.destroy"] = function(e)
  return "dma_pool_destroy ended " .. pool_name(e) .. (e.busy == 0 and "; no block was out"
      or " while " .. out_now(e.busy))
end
say["pool.gone"] = function(e)
  return "dma_pool_" .. e.call .. " named pool " .. e.pool .. ", which had been destroyed"
end
say["swiotlb.map"] = function(e)
  return "a bounce buffer at pa " .. hex(e.bounce) .. " stands in for " .. bytes(e) .. " at "
      .. named(why.va_of(e.pa)) .. "; " .. device_name(e) .. " is told " .. hex(e.dma)
end
say["swiotlb.unmap"] = function(e)
  return "the bounce buffer of " .. named(why.va_of(e.pa)) .. " was given back"
end
say["swiotlb.copy"] = function(e)
  local from, to = named(why.va_of(e.from)), named(why.va_of(e.to))
  if e.to_bounce == 1 then
    return bytes(e) .. " were copied from " .. from .. " to the bounce buffer"
  end
  return bytes(e) .. " were copied from the bounce buffer to " .. to
end
say["dma.check"] = function(e) return "dma_mapping_error was asked about " .. hex(e.dma) end

say["cpu.context"] = function(e)
  if e.context == "irq" then
    return "the handler of " .. core.devices[e.device + 1].name .. " began to run, interrupts off"
  end
  if e.context == "process" then return "the CPU may sleep again" end
  return e.irqs_off ~= 0 and "interrupts went off: nobody may sleep"
      or "a spinlock was taken, or preemption went off: nobody may sleep"
end
say["kernel.might_sleep"] = function(e)
  return sleeper(e) .. ": this may sleep, where nobody may"
end

local rows_of_events
local function plain(e)
  if not rows_of_events then
    rows_of_events = {}
    for _, row in ipairs(core.events) do rows_of_events[row.name] = row end
  end
  return rows_of_events[e.kind].sentence
end

function why.event(seq, e)
  if not e then return "event " .. seq .. " is no longer in the trace" end
  return "event " .. seq .. ", cycle " .. e.cycle .. ": " .. (say[e.kind] or plain)(e)
end

-- why() ----------------------------------------------------------------------------------------

local function explain(n, v)
  local out = { text.wrap("violation " .. n .. ": " .. head(v), 78, "  "), "" }
  local events = core.chain(v.index)
  for i, seq in ipairs(v.chain) do
    local mark = seq == v.cause and "=>" or "  "
    out[#out + 1] = text.labelled(mark, 3, why.event(seq, events[i]), 78)
  end
  out[#out + 1] = ""
  for _, fact in ipairs(facts(v)) do out[#out + 1] = fact end
  out[#out + 1] = text.labelled("  ", 2, advice(v), 78)
  if advice(v) ~= "remedy: " .. v.remedy then
    out[#out + 1] = text.labelled("  remedy:", 10, v.remedy, 78)
  end
  if v.count > 1 then out[#out + 1] = "it happened " .. v.count .. " times for this cause" end
  local marked = false
  for _, seq in ipairs(v.chain) do marked = marked or seq == v.cause end
  if marked then out[#out + 1] = "=> marks what is at fault" end
  io.stdout:write(table.concat(out, "\n"), "\n")
end

local function touching(list, va)
  local pa = core.translate(va)
  for n = #list, 1, -1 do
    local v = list[n]
    if (v.va and v.va ~= 0 and not math.ult(va, v.va) and math.ult(va - v.va, math.max(1, v.size)))
       or (pa and pa >= v.pa and pa < v.pa + math.max(1, v.size)) then
      return n
    end
  end
end

-- The number of what was announced last; when that was taken back, of the newest error.
local function announced(list, errors)
  local last = session.announced
  for i, v in ipairs(list) do
    if last and v.seq == last.seq and v.rule == last.rule then return i end
  end
  return errors > 0 and errors or #list
end

function why.why(n)
  local list, errors = in_order()
  if n == nil then n = announced(list, errors) end
  if math.type(n) ~= "integer" then
    error("why takes the number of a violation or an address, not " .. tostring(n), 0)
  end
  if n == 0 and #list == 0 then
    io.stdout:write("no rule was broken\n")
  elseif n >= 1 and n <= #list then
    explain(n, list[n])
  elseif core.translate(n) then
    local found = touching(list, n)
    if found then return explain(found, list[found]) end
    io.stdout:write("no violation touches this address; the copies of its bytes:\n")
    require("show").bytes(n, 8)
  else
    error("there is no violation " .. n .. "; " .. (#list == 0 and "none was found"
          or "there " .. (#list == 1 and "is 1" or "are " .. #list)), 0)
  end
end

-- What the kernel prints when a guest access finds nothing: a line of it, then what it means.
function why.oops(message, fault)
  if not fault then return message end
  local va, sense = fault.va, nil
  local w = core.what(va)
  if va == 0 or (va > 0 and va < 4096) then sense = "this is a NULL pointer"
      .. (va ~= 0 and " plus an offset" or "")
  elseif fault.why == "align" then sense = "an access of " .. fault.size
      .. " bytes to device or uncached memory must be aligned to its size"
  elseif fault.why == "range" then sense = "the range runs past the end of the address space"
  elseif fault.why == "bus" then sense = "nothing answers at this physical address"
  elseif va > 0 and w and w.kind == "dma" then sense = "this is an address for a device, not " ..
      "for the CPU"
  elseif va > 0 and va < core.board().ram then sense = "this is a physical address; " ..
      "phys_to_virt gives the CPU's"
  else sense = "nothing is mapped there" end
  return message .. "\n  the CPU wanted to " .. (fault.store and "write" or "read") .. "; " .. sense
end

return why
