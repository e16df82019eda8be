-- A driver and its device (drivers/base/dd.c): bind calls its probe, unbind its remove, and both
-- look what it left behind. The kernel knows the driver by its name; its functions are kept here.

local api = require "api"
local text = require "text"

local drivers = api.kept {}     -- by name: the table that was bound last
local bound_at = api.kept {}    -- by device: the event that bound it

local EBUSY, EINVAL, ENODEV = 16, 22, 19

-- What was left ----------------------------------------------------------------------------------

local report = { __name = "leftovers" }

function report.__tostring(list)
  if #list == 0 then return list.driver .. " left nothing behind" end
  local rows = { { "event", "call", "bytes", "where" } }
  for _, item in ipairs(list) do
    rows[#rows + 1] = { tostring(item.event), item.call, tostring(item.size),
        text.hex(item.dma or item.va) .. (item.dir and " " .. item.dir or "") }
  end
  return list.driver .. " left behind:\n" .. text.columns(rows, { true, false, true }, "  ") ..
      "\n  each wants its unmap or free on every way out of the driver"
end

local calls = { single = "dma_map_single", page = "dma_map_page", sg = "dma_map_sg",
    resource = "dma_map_resource", coherent = "dma_alloc_coherent",
    noncoherent = "dma_alloc_noncoherent", pages = "dma_alloc_pages" }

-- Mappings and memory for DMA of this device, since event `from`.
local function add_mappings(list, unit, from)
  for _, m in ipairs(core.mappings()) do
    if m.device == unit and m.seq >= from then
      local e = core.event(m.seq)
      list[#list + 1] = { event = m.seq, size = m.size, dma = m.dma, va = m.va, dir = m.dir,
          call = e and calls[e.form] or m.coherent and "dma_alloc_coherent" or "dma_map_single" }
    end
  end
end

-- What ends what: an event that makes something, and the one that ends it.
local made_by = {
  ["mem.alloc"] = { kmalloc = "kmalloc", pages = "__get_free_pages", vmalloc = "vmalloc" },
  ["res.request"] = "request_mem_region",
}
local ended_by = { ["mem.free"] = "mem.alloc", ["res.release"] = "res.request" }

local function call_of(e)
  local call = made_by[e.kind]
  if type(call) == "table" then return call[e.memory] end
  return e.refused ~= 1 and call or nil
end

-- The events since `from` that were not taken back. The trace keeps only the newest ones, so what is
-- older is not known. A keyframe tells again what there is.
local function events_since(from)
  local first, next_event = core.trace()
  local list, in_keyframe = {}, false
  for seq = math.max(from, first), next_event - 1 do
    local e = core.event(seq)
    if e.kind == "bench.undo" then
      while #list > 0 and list[#list].seq >= e.event do table.remove(list) end
    end
    in_keyframe = in_keyframe and e.kind ~= "key.end" or e.kind == "machine.on"
    if not in_keyframe then list[#list + 1] = e end
  end
  return list
end

-- Memory and regions taken since event `from` and not given back.
local function add_memory(list, from)
  local open = {}
  for _, e in ipairs(events_since(from)) do
    local kind = ended_by[e.kind] or made_by[e.kind] and e.kind
    local key = kind and kind .. (e.va or e.pa)
    if ended_by[e.kind] then
      open[key] = nil
    elseif key and call_of(e) then
      open[key] = { event = e.seq, call = call_of(e), size = e.size, va = e.va or e.pa }
    end
  end
  for _, item in pairs(open) do list[#list + 1] = item end
end

local function left_behind(dev, name)
  local list = setmetatable({ driver = name }, report)
  local unit = core.unit(dev)
  add_mappings(list, unit, bound_at[unit] or 0)
  if bound_at[unit] then add_memory(list, bound_at[unit]) end
  bound_at[unit] = nil
  table.sort(list, function(a, b) return a.event < b.event end)
  return list
end

-- Binding ----------------------------------------------------------------------------------------

local PROBE_FAILED
for i, row in ipairs(core.klog) do
  if row.format:find("^probe failed") then PROBE_FAILED = i end
end

local function check(driver)
  if type(driver.name) ~= "string" or #driver.name == 0 or #driver.name > 24 then
    api.fail("driver.name is a text of 1 to 24 letters\n" ..
        '  write bind{ name = "mine", probe = function(dev) ... return 0 end }')
  end
  for _, field in ipairs { "probe", "remove" } do
    if driver[field] ~= nil and type(driver[field]) ~= "function" then
      api.fail("driver." .. field .. " is a function of the device\n  write " .. field ..
          " = function(dev) ... end")
    end
  end
end

-- What a probe answered, as an error number: nothing at all is 0.
local function errno(answer)
  if answer == nil then return 0 end
  if math.type(answer) == "integer" and answer <= 0 then return answer end
  api.fail("a probe answers 0 or a negative error number, such as -12 (-ENOMEM)")
end

-- The device has no driver again; what the probe had made so far is reported.
local function probe_failed(dev, driver, code)
  if code ~= -ENODEV then core.log(PROBE_FAILED, -code) end
  dev:unbind(true)
  return code, left_behind(dev, driver.name)
end

local function bind(driver, dev)
  check(driver)
  local _, next_event = core.trace()
  local busy = dev:bind(driver.name)
  if busy ~= 0 then return busy end
  drivers[driver.name] = driver
  bound_at[core.unit(dev)] = next_event
  if not driver.probe then return 0 end
  local fine, code = pcall(function() return errno(driver.probe(dev)) end)
  if not fine then
    local _, left = probe_failed(dev, driver, -EINVAL)
    if type(code) ~= "string" then error(code, 0) end
    error(code .. "\n  so the probe failed; " .. tostring(left), 0)
  end
  if code ~= 0 then return probe_failed(dev, driver, code) end
  return 0
end

local function unbind(dev)
  local name = core.driver(core.unit(dev))
  local driver = drivers[name]
  if driver and driver.remove then driver.remove(dev) end
  dev:unbind()
  return left_behind(dev, name or "whoever had " .. dev.name)
end

return {
  name = "drivers",
  rows = {
    { "bind", "driver [, dev=dev]", "0; or -EBUSY (-16); or what probe answered, leftovers",
      "give the device its driver and call its probe: bind{ name = \"mine\", probe = " ..
      "function(dev) return 0 end, remove = function(dev) end }",
      run = bind,
      notes = { "errors", "a probe that answers an error number, or raises an error, leaves the " ..
          "device without a driver: memory of dmam_alloc_coherent is given back, and what else " ..
          "it made is the second answer. remove is not called then, so a probe cleans up itself.",
          "dma-debug", "counts leftovers when a driver is unbound, not when a probe failed." } },
    { "unbind", "[dev=dev]", "leftovers",
      "call the driver's remove and take the device from it; answers a list of what is left: " ..
      "mappings, memory, regions, each { event, call, size, va, dma, dir }; # of it is 0 when " ..
      "there is nothing",
      run = unbind,
      notes = { "errors", "none; without a driver nothing is removed, and the device's " ..
          "mappings are counted all the same." } },
  },
}
