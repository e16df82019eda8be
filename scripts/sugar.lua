-- Short forms of the prompt: what they do is said by the calls they make.

local near = require "near"
local session = require "session"
local settings = require "settings"
local text = require "text"

local sugar = {}

-- The calls as they are at the start, whatever the session does to the globals later.
local map_single, unmap_single = dma_map_single, dma_unmap_single
local mapping_error = dma_mapping_error
local sync_for = { for_cpu = dma_sync_single_for_cpu, for_device = dma_sync_single_for_device }
local size_of, let_pass = ksize, run
local devices = devices

local function need_address(command, value)
  if math.type(value) ~= "integer" then
    error(command .. " wants an address, not " .. (type(value) == "string" and '"' .. value .. '"'
        or tostring(value))
          .. "\n  help " .. command .. " shows how it is called", 0)
  end
end

function sugar.map(va, size, direction)
  need_address("map", va)
  if direction == nil then size, direction = nil, size end
  if direction == nil then
    error("map wants a direction: to_device, from_device or bidirectional", 0)
  end
  if not size then
    size = size_of(va)
    if not size or size == 0 then error("map wants a size here: this is no block of kmalloc", 0) end
  end
  local dma = map_single(dev, va, size, direction)
  mapping_error(dev, dma)     -- asked as a driver must; what is wrong can be seen
  return dma
end

-- The live mapping behind a handle.
local function mapping(command, dma)
  need_address(command, dma)
  local live = core.mappings()
  for _, m in ipairs(live) do
    if m.dma == dma then return m end
  end
  for _, m in ipairs(live) do
    if not math.ult(dma, m.dma) and math.ult(dma - m.dma, m.size) then return m end
  end
  error(text.hex(dma) .. " is no live mapping; " .. (#live == 0 and "nothing is mapped"
      or "show mappings lists them"), 0)
end

local function device_of(m) return devices[core.devices[m.device + 1].name] end

function sugar.unmap(dma)
  local m = mapping("unmap", dma)
  if m.coherent then error("this is coherent memory: dma_free_coherent gives it back", 0) end
  unmap_single(device_of(m), m.dma, m.size, m.dir)
end

function sugar.sync(dma, towards, size)
  local m = mapping("sync", dma)
  local call = sync_for[towards]
  if not call then
    error("sync wants for_cpu or for_device" .. near.hint(tostring(towards),
        { "for_cpu", "for_device" }), 0)
  end
  if m.coherent then error("this is coherent memory: it needs no sync", 0) end
  call(device_of(m), dma, size or m.size - (dma - m.dma), m.dir)
end

-- Cycles after which nothing more is expected: a device that starts late, a store that leaves late.
local function patience()
  local b = core.board()
  return 1000 + 8 * (b.cycles_device + b.cycles_store + b.cycles_ram)
end

function sugar.step(n)
  n = n or 1
  if math.type(n) ~= "integer" or n < 1 then
    error("step takes a number of events, 1 or more", 0)
  end
  local _, from = core.trace()
  local now, limit, waited = from, patience(), 0
  while now - from < n and waited < limit do
    let_pass(1)
    local _, next_seq = core.trace()
    waited = next_seq == now and waited + 1 or 0
    now = next_seq
  end
  for seq = from, now - 1 do
    local e = core.event(seq)
    if e then io.stdout:write(e.text, "\n") end
  end
  if now - from < n then
    io.stdout:write("nothing more is under way: ", text.count(limit, "cycle"),
        " passed without an event\n")
  end
end

function sugar.undo(n)
  local taken, back = session.undo(n)
  if back == 0 then
    io.stdout:write("there is nothing to take back\n")
  elseif #taken == 0 then
    io.stdout:write("took this line back\n")
  end
  for _, entry in ipairs(taken) do
    io.stdout:write("took back: ", (entry.text:gsub("\n", "\n           ")), "\n")
  end
end

-- machine{...}, machine "tiny", and the words of `machine tiny seed=3`.
function sugar.machine(first, ...)
  local wanted = first
  if type(first) ~= "table" then
    wanted = {}
    for i, word in ipairs { first, ... } do
      local key, value = tostring(word):match("^([%w_]+)=(.*)$")
      if key then wanted[key] = value
      elseif i == 1 then wanted.board = word
      else error('machine takes a board and key=value, as in: machine tiny seed=3', 0) end
    end
  end
  settings.power_on(wanted)
  session.new_machine()
end

return sugar
