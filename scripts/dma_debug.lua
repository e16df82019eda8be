-- What CONFIG_DMA_API_DEBUG says, in the kernel's own words: its lines of the log, and its files
-- under /sys/kernel/debug/dma-api. core/watch/dma_debug.def has the messages.

local text = require "text"

local dma_debug = { files = {} }

local FOLDER = "/sys/kernel/debug/dma-api/"

-- Drivers and devices --------------------------------------------------------------------------

-- A driver nobody bound by name is called as its device; a platform device is called by its
-- registers' address.
local function driver(unit, name)
  if name and name ~= "" then return name end
  local row = core.devices[unit + 1]
  return row and row.name or "device" .. unit
end

local function device(unit)
  local row = core.devices[unit + 1]
  return row and string.format("%x.%s", row.bar, row.name) or tostring(unit)
end

local function unit_of(name)
  for unit = 0, #core.devices - 1 do
    if driver(unit, core.driver(unit)) == name then return unit end
  end
end

dma_debug.device = device

-- What dev_warn and its like put in front of a line; name: of the driver, if there is one.
function dma_debug.who(unit, name)
  return driver(unit, name) .. " " .. device(unit)
end

-- Lines of the log -----------------------------------------------------------------------------

local direction_words = { [0] = "DMA_BIDIRECTIONAL", "DMA_TO_DEVICE", "DMA_FROM_DEVICE",
    "DMA_NONE" }
local type_words = { [0] = "phy", "scatter-gather", "coherent", "noncoherent" }

local words = {
  dir = function(n) return direction_words[n] or "DMA_NONE" end,
  type = function(n) return type_words[n] or "?" end,
}

-- A message of the kernel with its numbers: %016llx, %llu, %lu, %u, %d, %lx, %p, %pa, %s.
local function filled(line)
  local names, at = {}, 0
  for name in line.numbers:gmatch("%S+") do names[#names + 1] = name end
  return (line.message:gsub("%%(0?1?6?)(l*)([uxdps%%])(a?)", function(width, _, kind, a)
    if kind == "%" then return "%" .. a end
    at = at + 1
    local name, n = names[at], line.values[at]
    if kind == "s" then return (name == "driver" and line.name or words[name](n)) .. a end
    if kind == "p" then return string.format(a == "a" and "0x%016x" or "%016x", n) end
    if kind == "x" then return string.format(width == "" and "%x" or "%016x", n) .. a end
    return (kind == "u" and text.unsigned(n) or string.format("%d", n)) .. a
  end))
end

-- All of a line: an error names driver and device, and where the mapping concerned was made. The
-- kernel prints the backtrace of the map there; here it is the event.
local function whole(line)
  if not line.rule then return { "DMA-API: " .. filled(line) } end
  local who = dma_debug.who(line.device, line.driver)
  local out = {}
  for part in ("DMA-API: " .. who .. ": " .. filled(line)):gmatch("[^\n]+") do
    out[#out + 1] = part
  end
  if line.mapped_at ~= 0 then
    out[#out + 1] = "DMA-API: Mapped at:"
    out[#out + 1] = " event " .. line.mapped_at
  end
  return out
end

-- All lines, each { seq, cycle, text }.
function dma_debug.log()
  local out = {}
  for _, line in ipairs((core.dma_debug_log())) do
    for _, said in ipairs(whole(line)) do
      out[#out + 1] = { seq = line.seq, cycle = line.cycle, text = said }
    end
  end
  return out
end

-- The kernel's message for a rule, without numbers; nil where dma-debug has none.
function dma_debug.message(rule)
  for _, line in ipairs(core.dma_debug_lines()) do
    if line.rule == rule then return (line.message:gsub("\n.*", "")) end
  end
end

-- Files ----------------------------------------------------------------------------------------

for _, name in ipairs { "error_count", "all_errors", "num_errors", "num_free_entries",
    "min_free_entries", "nr_total_entries" } do
  dma_debug.files[FOLDER .. name] = function() return core.dma_debug()[name] .. "\n" end
end

dma_debug.files[FOLDER .. "disabled"] = function()
  return core.dma_debug().disabled and "Y\n" or "N\n"
end

dma_debug.files[FOLDER .. "driver_filter"] = function()
  local name = core.dma_debug().driver_filter
  return name == "" and "" or name .. "\n"
end

dma_debug.files[FOLDER .. "dump"] = function()
  local out = {}
  for _, r in ipairs(core.dma_debug_records()) do
    out[#out + 1] = string.format("%s %s %s idx %d P=0x%016x D=%x L=%x cln=0x%016x %s %s attrs=0x%x\n",
        driver(r.device, core.driver(r.device)), device(r.device), r.type, r.bucket, r.pa, r.dma, r.size, r.line,
        "DMA_" .. r.dir:upper(), r.asked, r.attrs)
  end
  return table.concat(out)
end

local writes = {}

local function write_number(name)
  writes[FOLDER .. name] = function(value)
    local n = math.tointeger(tonumber(value))
    if not n or n < 0 or n > 0xffffffff then
      error(name .. " takes a number, 0 to 4294967295: echo 1 > " .. FOLDER .. name, 0)
    end
    core.dma_debug_set(name, n)
  end
end

write_number("all_errors")
write_number("num_errors")

-- The first word is the name; what does not begin with a letter or digit switches the filter off.
writes[FOLDER .. "driver_filter"] = function(value)
  local name = value:match("^(%w%S*)") or ""
  core.dma_debug_filter(name, unit_of(name))
end

-- kernel/dma/swiotlb.c: any number but 0 is -EINVAL; without a pool there is no file.
local HIWATER = "/sys/kernel/debug/swiotlb/io_tlb_used_hiwater"

writes[HIWATER] = function(value)
  if not core.swiotlb() then error(HIWATER .. ": no such file; there is no bounce pool", 0) end
  local n = math.tointeger(tonumber(value))
  if not n or not core.swiotlb_hiwater(n) then
    error(HIWATER .. ": Invalid argument; it takes 0, which lets the mark rise anew", 0)
  end
end

-- `echo 1 > FILE`; the blanks around the sign may be missing, as in a shell.
function dma_debug.echo(...)
  local list, line = {}, table.concat({ ... }, " "):gsub(">", " > ")
  for word in line:gmatch("%S+") do list[#list + 1] = word end
  local path, value = list[#list], table.concat(list, " ", 1, math.max(0, #list - 2))
  if #list < 2 or list[#list - 1] ~= ">" then
    error("echo writes a file: echo 1 > " .. FOLDER .. "all_errors", 0)
  end
  if writes[path] then return writes[path]((value:gsub("^[\"'](.*)[\"']$", "%1"))) end
  if dma_debug.files[path] then error(path .. ": Permission denied; it can only be read", 0) end
  local names = {}
  for name in pairs(writes) do names[#names + 1] = name end
  table.sort(names)
  error(tostring(path) .. ": cannot be written\n  there are " .. table.concat(names, ", "), 0)
end

return dma_debug
