-- Files of /proc and the kernel's log, in the kernel's own formats.

local settings = require "settings"
local text = require "text"

local proc = {}

local files = {}

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

files["/proc/cmdline"] = function()
  local mem = core.board().mem
  return mem ~= 0 and "mem=" .. text.size(mem) .. "\n" or "\n"
end

function proc.cat(path)
  local file = files[path]
  if file then
    io.stdout:write((file()))
    return
  end
  local names = {}
  for name in pairs(files) do names[#names + 1] = name end
  table.sort(names)
  if path == nil then error("cat wants a file: " .. table.concat(names, ", "), 0) end
  error(tostring(path) .. ": no such file\n  there are "
        .. table.concat(names, ", "), 0)
end

-- {x} is hex, {x:d} decimal.
local function klog_text(e)
  local row = core.klog[(e.a or 0) + 1]
  if not row then return "message " .. tostring(e.a) end
  return (row.format:gsub("{(%a)(:?d?)}", function(field, decimal)
    return decimal == ":d" and text.unsigned(e[field]) or text.hex(e[field])
  end))
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
  local first, next_seq = core.trace()
  local any = false
  for seq = first, next_seq - 1 do
    local e = core.event(seq)
    if e and e.kind == "kernel.log" then
      io.stdout:write(string.format("[%5d.%06d] %s\n", e.cycle // 1000000000,
          e.cycle // 1000 % 1000000, klog_text(e)))
      any = true
    end
  end
  if not any then io.stdout:write("the kernel logged nothing\n") end
end

return proc
