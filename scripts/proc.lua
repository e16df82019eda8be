-- Files of /proc and the kernel's log, in the kernel's own formats.

local dma_debug = require "dma_debug"
local settings = require "settings"
local text = require "text"

local proc = {}

local files = {}
for path, file in pairs(dma_debug.files) do files[path] = file end

-- kernel/resource.c: the end is inclusive, a child is indented under the region it lies in.
files["/proc/iomem"] = function()
  local list = core.resources()
  table.sort(list, function(a, b)
    if a.start ~= b.start then return a.start < b.start end
    return a.size > b.size
  end)
  local out, open = {}, {}
  for _, r in ipairs(list) do
    local last = r.start + r.size - 1
    while #open > 0 and open[#open] < last do table.remove(open) end
    out[#out + 1] = string.format("%s%08x-%08x : %s\n", ("  "):rep(#open), r.start, last, r.name)
    open[#open + 1] = last
  end
  return table.concat(out)
end

-- mm/vmstat.c
files["/proc/buddyinfo"] = function()
  local out = {}
  for _, zone in ipairs(core.zones()) do
    out[#out + 1] = string.format("Node %d, zone %8s ", 0, zone.name)
    for _, blocks in ipairs(zone.free) do out[#out + 1] = string.format("%6d ", blocks) end
    out[#out + 1] = "\n"
  end
  return table.concat(out)
end

-- Does the board have this cache? Classes that would share a line with a device are left out.
local function exists(slab)
  local b = core.board()
  return b.coherent or slab.size % b.line == 0
end

-- mm/slab_common.c; the cache made last comes first.
files["/proc/slabinfo"] = function()
  local out = {
    "slabinfo - version: 2.1\n",
    "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>",
    " : tunables <limit> <batchcount> <sharedfactor>",
    " : slabdata <active_slabs> <num_slabs> <sharedavail>\n",
  }
  local slabs = core.slabs()
  for i = #slabs, 1, -1 do
    local s = slabs[i]
    out[#out + 1] = exists(s) and string.format("%-17s %6d %6d %6d %4d %4d : tunables %4d %4d " ..
        "%4d : slabdata %6d %6d %6d\n",
                                  s.name, s.used, s.objects, s.size, s.per_slab, s.pages_per_slab,
                                      0, 0, 0,
                                  s.slabs, s.slabs, 0) or nil
  end
  return table.concat(out)
end

-- mm/vmalloc.c: the size counts the guard page.
files["/proc/vmallocinfo"] = function()
  local out = {}
  for _, area in ipairs(core.areas()) do
    local size = area.size + 4096
    local line = string.format("0x%016x-0x%016x %7d", area.va, area.va + size, size)
    if area.kind == "vmalloc" then line = line .. " pages=" .. area.pages .. " vmalloc" end
    if area.kind == "ioremap" then
      line = line .. string.format(" phys=0x%016x ioremap", area.pa)
    end
    if area.kind == "coherent" then line = line .. " dma-coherent" end
    out[#out + 1] = line .. "\n"
  end
  return table.concat(out)
end

-- kernel/irq/proc.c: the chip and its own number of the line are those of an arm64 machine.
files["/proc/interrupts"] = function()
  local out = { "           CPU0       \n" }
  for _, line in ipairs(core.interrupts()) do
    out[#out + 1] = string.format("%3d: %10d     GICv3 %3d Level     %s\n", line.irq, line.count,
                                  line.irq + 32, line.name)
  end
  return table.concat(out)
end

-- fs/proc/meminfo.c, the lines that mean something here.
files["/proc/meminfo"] = function()
  local kept = core.kept()
  local total, free = kept.cma, kept.cma_free
  for _, zone in ipairs(core.zones()) do
    total = total + zone.managed * 4096
    for order, blocks in ipairs(zone.free) do free = free + (blocks << order - 1) * 4096 end
  end
  local out = {}
  for i, row in ipairs { { "MemTotal", total }, { "MemFree", free }, { "CmaTotal", kept.cma },
                         { "CmaFree", kept.cma_free } } do
    out[i] = string.format("%-15s %8d kB\n", row[1] .. ":", row[2] // 1024)
  end
  return table.concat(out)
end

-- kernel/dma/pool.c: bytes. There is one pool here.
for _, zone in ipairs { "dma", "dma32", "kernel" } do
  files["/sys/kernel/debug/dma_pools/pool_size_" .. zone] = function()
    return (zone == "kernel" and core.kept().pool or 0) .. "\n"
  end
end

-- The boot options that mean the board's settings; swiotlb= counts slots of 2 KiB.
files["/proc/cmdline"] = function()
  local b, out = core.board(), {}
  if b.mem ~= 0 then out[#out + 1] = "mem=" .. text.size(b.mem) end
  if b.swiotlb ~= 0 then
    out[#out + 1] = string.format("swiotlb=%d,%d%s", (b.swiotlb + 2047) // 2048, b.swiotlb_areas,
                                  b.swiotlb_force and ",force" or "")
  end
  if b.cma ~= 0 then out[#out + 1] = "cma=" .. text.size(b.cma) end
  if b.coherent_pool ~= 128 << 10 then
    out[#out + 1] = "coherent_pool=" .. text.size(b.coherent_pool)
  end
  if b.iommu == "passthrough" then out[#out + 1] = "iommu.passthrough=1" end
  if b.iommu == "strict" or b.iommu == "lazy" then
    out[#out + 1] = "iommu.strict=" .. (b.iommu == "strict" and 1 or 0)
  end
  if not b.dma_debug then out[#out + 1] = "dma_debug=off" end
  if b.dma_debug_entries ~= 65536 then
    out[#out + 1] = "dma_debug_entries=" .. b.dma_debug_entries
  end
  return table.concat(out, " ") .. "\n"
end

-- kernel/dma/swiotlb.c: values are slots; without a pool there are no files.
local swiotlb_files = { io_tlb_nslabs = "slots", io_tlb_used = "used",
    io_tlb_used_hiwater = "hiwater" }

for name, field in pairs(swiotlb_files) do
  files["/sys/kernel/debug/swiotlb/" .. name] = function()
    local pool = core.swiotlb()
    return pool and pool[field] .. "\n"
  end
end

-- mm/dmapool.c; a device without pools has no such file.
for i, row in ipairs(core.devices) do
  files["/sys/devices/" .. row.name .. "/pools"] = function()
    local out = { "poolinfo - 0.1\n" }
    for _, p in ipairs(core.pools()) do
      out[#out + 1] = p.device == i - 1 and string.format("%-16s %4s %4s %4d %2d\n", p.name,
          text.unsigned(p.active), text.unsigned(p.blocks), p.size, p.pages) or nil
    end
    return #out > 1 and table.concat(out)
  end
end

-- The files there are, sorted; of those in /sys only the folders.
local function names()
  local list, seen = {}, {}
  for path, file in pairs(files) do
    local name = path:match("^/sys/.*/") or path
    if not seen[name] and file() then
      list[#list + 1] = name
      seen[name] = true
    end
  end
  table.sort(list)
  return table.concat(list, ", ")
end

-- What a folder holds, sorted: files, and folders with a / behind; nil when there is nothing.
local function inside(folder)
  local list, seen = {}, {}
  local start = folder:gsub("/*$", "") .. "/"
  for path, file in pairs(files) do
    local name = path:sub(1, #start) == start and path:sub(#start + 1):match("^[^/]+/?")
    if name and not seen[name] and file() then
      list[#list + 1] = name
      seen[name] = true
    end
  end
  table.sort(list)
  return #list > 0 and table.concat(list, ", ") or nil
end

function proc.cat(path)
  if path == nil then error("cat wants a file: " .. names(), 0) end
  path = tostring(path)
  local content = files[path] and files[path]()
  if content then
    io.stdout:write((content))
    return
  end
  local there = inside(path)
  if there then error(path .. ": Is a directory\n  there are " .. there, 0) end
  error(path .. ": no such file\n  there are " .. names(), 0)
end

-- {x} is hex, {x:d} decimal, {x:x} hex without 0x (%llx), {x:p} hex of full width (%pa),
-- {x:s} text of up to 8 bytes.
-- {x:v} a device by its number. A line about a device has it in front, with the driver it has now,
-- or had by `drivers` when the line came.
local function klog_text(e, drivers)
  local row = core.klog[(e.a or 0) + 1]
  if not row then return "message " .. tostring(e.a) end
  local unit = e.about - 1
  local front = unit < 0 and ""
      or dma_debug.who(unit, (drivers or {})[unit] or core.driver(unit)) .. ": "
  return front .. (row.format:gsub("{(%a):?(%a?)}", function(field, how)
    if how == "d" then return text.unsigned(e[field]) end
    if how == "s" then return text.packed(e[field]) end
    if how == "v" then return dma_debug.device(e[field]) end
    if how == "x" then return string.format("%x", e[field]) end
    return how == "p" and string.format("0x%016x", e[field]) or text.hex(e[field])
  end))
end

-- drivers/iommu: what an IOMMU stopped. The form of Intel's on a PC, else that of arm-smmu.
local function fault_text(e)
  if core.board().arch ~= "x86" then
    return string.format("arm-smmu: Unhandled context fault: fsr=0x%x, iova=0x%08x, fsynr=0x%x, " ..
        "cbfrsynra=0x%x, cb=%d", e.why == "permission" and 8 or 2, e.dma,
        e.write == 1 and 0x10 or 0, e.device, e.device)
  end
  local way = e.write == 1 and "Write" or "Read"
  return string.format("DMAR: [DMA %s] Request device [00:%02x.0] fault addr 0x%x " ..
      "[fault reason %02d] PTE %s access is not set", way, e.device + 1, e.dma & ~4095,
      e.write == 1 and 5 or 6, way)
end

-- Of each transfer the first beat that was stopped.
local function faults_into(lines)
  local first, next_seq = core.trace()
  local last
  for seq = first, next_seq - 1 do
    local e = core.event(seq)
    if e and e.kind == "iommu.fault" and e.cause ~= last then
      last = e.cause
      lines[#lines + 1] = { seq = seq, cycle = e.cycle, text = fault_text(e) }
    end
  end
end

-- Which driver a device had, by its number, "" for none.
local follow_drivers = {
  ["driver.bind"] = function(drivers, e)
    drivers[e.device] = text.packed(e.addr, e.addr2, e.value)
  end,
  ["driver.unbind"] = function(drivers, e) drivers[e.device] = "" end,
}

-- Before a trace that is whole nothing was bound; of one that is not, only the present is known.
local function drivers_at(first)
  local drivers = {}
  if first > 1 then return drivers end
  for unit = 0, #core.devices - 1 do drivers[unit] = "" end
  return drivers
end

-- What the kernel logged itself, then what dma-debug did, in the order of the events.
local function log()
  local lines, first, next_seq = dma_debug.log(), core.trace()
  local drivers = drivers_at(first)
  for seq = first, next_seq - 1 do
    local e = core.event(seq)
    local follow = e and follow_drivers[e.kind]
    if follow then follow(drivers, e) end
    if e and e.kind == "kernel.log" then
      lines[#lines + 1] = { seq = seq, cycle = e.cycle, text = klog_text(e, drivers) }
    end
  end
  faults_into(lines)
  for i, line in ipairs(lines) do line.i = i end
  table.sort(lines, function(a, b)
    if a.seq ~= b.seq then return a.seq < b.seq end
    return a.i < b.i
  end)
  return lines
end

-- What was logged since an event, the last few at most.
function proc.log(from)
  local first, next_seq = core.trace()
  local out = {}
  for seq = math.max(first, from, next_seq - 200), next_seq - 1 do
    local e = core.event(seq)
    if e and e.kind == "kernel.log" then out[#out + 1] = klog_text(e) end
  end
  return table.move(out, math.max(1, #out - 2), #out, 1, {})
end

-- Seconds of a 1 GHz CPU: a cycle is a nanosecond.
function proc.dmesg()
  local lines = log()
  for _, line in ipairs(lines) do
    io.stdout:write(string.format("[%5d.%06d] %s\n", line.cycle // 1000000000,
        line.cycle // 1000 % 1000000, line.text))
  end
  if #lines == 0 then io.stdout:write("the kernel logged nothing\n") end
end

return proc
