-- The Lua of a student's file while it is judged: a state of its own, of which this is the inside.
--
-- The file sees the calls of the driver API and the harmless part of Lua's library, no more. Each
-- run begins with fresh globals and plays the file again from its first line, so that nothing is
-- carried from one run to the next; what could differ between two runs or machines (addresses of
-- tables, the order of pairs, random numbers) is not there or is put in order.

core.objects = {}              -- the tables api keeps: what a run leaves in them is taken out
require "api"

local student = {}

local kept = core.objects

-- What the calls of the API made in Lua, and this file, ask the machine; all else is the judge's.
local asked = {}
for name in ("api board charge compile constants copy driver event klog log mappings refuse say " ..
    "trace unit what"):gmatch("%S+") do
  asked[name] = core[name]
end
for name in next, core do core[name] = asked[name] end
for name in ("collectgarbage dofile io loadfile os package require"):gmatch("%S+") do
  _G[name] = nil
end

local raw_metatable, set_upvalue = debug.getmetatable, debug.setupvalue

-- What a value is called when it has no words of its own: an address would be another each time.
local function words(value)
  local kind = type(value)
  if kind == "string" or kind == "number" or kind == "boolean" or kind == "nil" then
    return tostring(value)
  end
  local meta = raw_metatable(value)
  if meta and rawget(meta, "__tostring") then return tostring(value) end
  return kind
end

local function say(...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = words(parts[i]) end
  core.say(table.concat(parts, "\t") .. "\n")
end

-- Metatables: those a student has set can be asked for; finalizers run where nobody counts, and
-- weak tables tell when garbage is collected.
local theirs = setmetatable({}, { __mode = "k" })
local NO_COLLECTOR = "__gc and __mode are not there while a driver is judged"

local function set_metatable(object, meta)
  if type(object) ~= "table" then error("setmetatable takes a table", 2) end
  if meta ~= nil and type(meta) ~= "table" then error("a metatable is a table or nil", 2) end
  local old = raw_metatable(object)
  if old and not theirs[old] then error("this metatable stays as it is", 2) end
  if meta and (rawget(meta, "__gc") or rawget(meta, "__mode")) then
    error(NO_COLLECTOR, 2)
  end
  if meta then theirs[meta] = true end
  return setmetatable(object, meta)
end

local function get_metatable(object)
  if theirs[raw_metatable(object)] then return getmetatable(object) end
end

-- A field that is set later than its metatable is found behind the call it was set in.
local function check_metatables()
  for meta in next, theirs do
    if rawget(meta, "__gc") or rawget(meta, "__mode") then error(NO_COLLECTOR, 0) end
  end
end

-- Keys in the same order everywhere. Tables and functions have none: that of their addresses is
-- another each time.
local ranks = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local left, right = ranks[type(a)] or 4, ranks[type(b)] or 4
  if left ~= right then return left < right end
  if left == 3 then return b and not a end
  return left < 3 and a < b
end

local function keys_of(object)
  if type(object) ~= "table" then error("pairs and next take a table, got " .. words(object), 0) end
  local keys, n = {}, 0
  for key in next, object do
    n = n + 1
    keys[n] = key
  end
  table.sort(keys, before)
  if n > 1 and not ranks[type(keys[n - 1])] then
    error("pairs and next go over numbers, strings and booleans while a driver is judged: several " ..
        "keys that are " .. type(keys[n]) .. "s have no order", 0)
  end
  return keys, n
end

local function raw_pairs(object)
  local keys, n = keys_of(object)
  local i = 0
  return function()
    while i < n do
      i = i + 1
      local value = rawget(object, keys[i])
      if value ~= nil then return keys[i], value end
    end
  end
end

local function their_pairs(object)
  local meta = raw_metatable(object)
  local own = meta and rawget(meta, "__pairs")
  if own then return own(object) end
  return raw_pairs(object)
end

local function their_next(object, key)
  if key == nil then return raw_pairs(object)() end
  local keys, n = keys_of(object)
  for i = 1, n - 1 do
    if rawequal(keys[i], key) then return keys[i + 1], rawget(object, keys[i + 1]) end
  end
end

-- No address of a table or function comes out of string.format either.
local format = string.format
local function their_format(form, ...)
  if type(form) == "string" and form:gsub("%%%%", ""):find("%%[-+ #0-9.]*p") then
    error("there is no %p here", 2)
  end
  local given = table.pack(...)
  for i = 1, given.n do
    local kind = type(given[i])
    if kind ~= "number" and kind ~= "string" then given[i] = words(given[i]) end
  end
  return format(form, table.unpack(given, 1, given.n))
end

-- Nothing of theirs may run where nobody counts. A coroutine begins to count at 0, and making one
-- costs instead. The hook that ends a run has hooks off: so a handler of xpcall runs behind the error,
-- and a coroutine that it ended is not closed.
local create, resume, close, protected = coroutine.create, coroutine.resume, coroutine.close, pcall

local function their_create(fn)
  core.charge()
  return create(fn)
end

local function results(fine, ...)
  if fine then return ... end
  error((...), 0)
end

local function their_wrap(fn)
  local co = their_create(fn)
  return function(...) return results(resume(co, ...)) end
end

local function their_close(co)
  core.charge()
  return close(co)
end

local function handled(handler, fine, ...)
  if fine then return true, ... end
  return false, handler(...)
end

local function their_xpcall(fn, handler, ...) return handled(handler, protected(fn, ...)) end

local CATCH = 16               -- instructions that raising an error and catching it are worth
local function their_pcall(...)
  core.charge(CATCH)
  return protected(...)
end

-- What a person at the prompt does in a device's place, or looks at in it, is none of the driver's:
-- the bytes would come and go past the caches it has to look after.
local device = raw_metatable(dev)
for name in ("buffer dma_read dma_write receive sent start_read start_write"):gmatch("%S+") do
  device[name] = function()
    error(name .. "() of a device is for the prompt: while a driver is judged, the device works " ..
        "when the lab lets it\n  call what the lab gives, and reach the bytes with load, store, " ..
        "read or write", 2)
  end
end

-- What functions of C do is counted by what they are given: steps of their loops, bytes they read.
local function whole(n) return math.tointeger(tonumber(n)) or 0 end

local function length(value) return type(value) == "string" and #value // 64 or 0 end

local function entries(list)
  if type(list) ~= "table" then return 0 end
  local meta = raw_metatable(list)
  if meta and rawget(meta, "__len") then error("a plain table is wanted, without __len", 3) end
  return rawlen(list) // 16
end

local function span(list, first, last)
  return last and math.max(0, whole(last) - whole(first)) // 16 or entries(list)
end

local costs = {
  string = {
    rep = function(text, n) return length(text) + math.max(0, whole(n)) // 16 end,
  },
  table = { concat = entries, insert = entries, remove = entries, sort = entries, move = span,
    unpack = span },
}
for name in ("byte find gmatch gsub len lower match reverse sub unpack upper"):gmatch("%S+") do
  costs.string[name] = length
end

local function charged(library, fns)
  for name, cost in next, costs[library] do
    local fn = fns[name]
    fns[name] = function(...)
      core.charge(cost(...))
      return fn(...)
    end
  end
  return fns
end

-- What there is --------------------------------------------------------------------------------

local function pick(from, names)
  local out = {}
  for name in names:gmatch("%S+") do out[name] = from[name] end
  return out
end

local base = pick(_G, "assert error ipairs rawequal rawget rawlen rawset select tonumber " ..
    "type _VERSION dev")
base.tostring, base.print, base.pairs, base.next = words, say, their_pairs, their_next
base.setmetatable, base.getmetatable = set_metatable, get_metatable
base.pcall, base.xpcall = their_pcall, their_xpcall

-- Copied for each run: a student may change them, and changes nothing for the next.
local libraries = {
  string = charged("string", pick(string, "byte char find gmatch gsub len lower match pack " ..
      "packsize rep reverse sub unpack upper")),
  table = charged("table", pick(table, "concat insert move pack remove sort unpack")),
  math = pick(math, "abs ceil floor fmod huge max maxinteger min mininteger modf pi sqrt " ..
      "tointeger type ult"),
  coroutine = pick(coroutine, "isyieldable resume running status yield"),
  utf8 = pick(utf8, "char charpattern codepoint codes len offset"),
  cache = cache, devices = devices,
}
libraries.string.format = their_format
libraries.coroutine.create, libraries.coroutine.wrap = their_create, their_wrap
libraries.coroutine.close = their_close

for _, row in ipairs(core.api) do
  local name = row.name
  if not name:find("[.:]") then base[name] = _G[name] end
end
for _, constant in ipairs(core.constants) do base[constant.name] = _G[constant.name] end

-- ("x"):format is theirs too, and the table behind it is out of reach.
local methods = {}
for name, method in pairs(libraries.string) do methods[name] = method end
getmetatable("").__index = methods

local visible = { __index = base }

local function fresh()
  local env = core.copy(libraries)
  for name, library in next, libraries do env[name] = core.copy(library) end
  env._G = env
  return setmetatable(env, visible)
end

-- What C calls -----------------------------------------------------------------------------------

local chunk, env

function student.load(text, name)
  local why
  chunk, why = core.compile(text, "=" .. name, "t", {})
  if not chunk then error(why, 0) end
end

function student.give(name, fn) base[name] = fn end

function student.reset()
  for object in next, kept do
    for key in next, object do object[key] = nil end
  end
  env = nil                    -- what the last run filled is garbage before there is more
  set_upvalue(chunk, 1, nil)
  env = fresh()
  set_upvalue(chunk, 1, env)
  chunk()
  check_metatables()
end

local function checked(...)
  check_metatables()
  return ...
end

function student.call(name, ...)
  local fn = rawget(env, name)
  if type(fn) ~= "function" then
    error("there is no function " .. name .. " in it: the lab calls " .. name .. "(...)", 0)
  end
  return checked(fn(...))
end

return student
