-- Calls of the API that are made in Lua: what a subsystem derives from the generic DMA API. Each
-- file of subsystems/ returns
--
--   { name = group, rows = { row... }, constants = { { name, value, help }... } }
--
-- and a row is { name, args, returns, help, run = function, notes = { label, words, ... },
-- like = name of a call made in C }. Rows join core.api and constants core.constants, so help,
-- completion and the command line read them as they read those of C. What an argument is called
-- says what it must be (`kinds` below), and a `[` before it that it may be left out.

local session = require "session"

local api = {}

-- Errors ---------------------------------------------------------------------------------------

local ours = "@" .. core.scripts

local function is_ours(frame)
  return frame.what == "C" or frame.source:sub(1, #ours) == ours
end

-- Raised where the user's own code is, as the calls made in C do.
function api.fail(message)
  local level = 2
  local frame = debug.getinfo(level, "S")
  while frame and is_ours(frame) do
    level = level + 1
    frame = debug.getinfo(level, "S")
  end
  error(message, frame and level or 0)
end

local function form(row) return row.name .. "(" .. row.args .. ")" end

local function wrong(row, i, name, why)
  api.fail(string.format("bad argument #%d '%s' to '%s' (%s); write %s", i, name, row.name, why,
      form(row)))
end

-- Arguments ------------------------------------------------------------------------------------

local COUNT_MAX = 0xffffffff

local function is_a(value, type_name)
  local meta = getmetatable(value)
  return type(meta) == "table" and rawget(meta, "__name") == type_name
end

local directions = { to_device = true, from_device = true, bidirectional = true }

-- Each: what is expected, in words, and the test: it answers the value, or nil and what is wrong
-- with a value of the right type.
local kinds = {}

local function integer(value) return type(value) == "number" and math.tointeger(value) or nil end

kinds.number = { "number", function(value)
  if type(value) ~= "number" then return nil end
  return integer(value), "number has no integer representation"
end }

kinds.count = { "number", function(value)
  local n, why = kinds.number[2](value)
  if n and (n < 0 or n > COUNT_MAX) then
    return nil, "0 to " .. COUNT_MAX .. " expected, got " .. n
  end
  return n, why
end }

-- NULL is nil, and 0 for the calls made in C.
kinds.pointer = { "number", function(value)
  if value == nil then return 0 end
  return kinds.number[2](value)
end }

kinds.direction = { "direction", function(value)
  if directions[value] or integer(value) and value >= 0 and value < DMA_NONE then return value end
  if type(value) == "string" or type(value) == "number" then
    return nil, "DMA_TO_DEVICE, DMA_FROM_DEVICE or DMA_BIDIRECTIONAL expected, or " ..
        '"to_device", "from_device", "bidirectional"'
  end
end }

local function plain(name)
  return { name, function(value) return type(value) == name and value or nil end }
end

kinds.callback, kinds.table, kinds.bytes = plain "function", plain "table", plain "string"

-- An object with the metatable of this name.
local function object_kind(type_name, words)
  return { words, function(value) return is_a(value, type_name) and value or nil end }
end

kinds.device = object_kind("dmalab.device", "device, such as dev,")
kinds.sg = object_kind("dmalab.sg", "scatterlist, as scatterlist(n) makes one,")

-- What the arguments of the calls in subsystems/ are.
local kind_of = { dma = "number", va = "pointer", page = "pointer", buf = "pointer",
    mask = "number", dir = "direction", complete = "callback",
    sgl = "sg", driver = "table", pdev = "device", dev = "device", bdev = "device",
    string = "bytes" }

local function kind_of_argument(name) return kinds[kind_of[name] or name] or kinds.count end

-- A nil that was written stands for a misspelt name, not for what is left out.
kinds.gfp = { "GFP_KERNEL or GFP_ATOMIC", kinds.number[2], strict = true }

-- { name, kind, optional, default } of each argument of a row, and how many there are at most.
local function parsed(row)
  local wants, optional = {}, false
  for part in (row.args ~= "" and row.args .. "," or ""):gmatch("([^,]*),") do
    optional = optional or part:find("^%s*%[") ~= nil
    local name, default = part:match("([%a_][%w_]*)=?([%w_]*)")
    wants[#wants + 1] = { name = name, kind = kind_of_argument(name), optional = optional,
        default = math.tointeger(tonumber(default)) or _ENV[default] }
    optional = optional or part:find("%[%s*$") ~= nil
  end
  return wants
end

-- What a value is called in a message: an object of ours by its own name, sg or bio.
local function type_word(value)
  local meta = getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  return name and name:gsub("^dmalab%.", "") or type(value)
end

local function checked(row, i, want, value, missing)
  if value == nil and want.optional and (missing or not want.kind.strict) then
    return want.default
  end
  local good, why
  if not missing then good, why = want.kind[2](value) end
  if good == nil then
    wrong(row, i, want.name, why or want.kind[1] .. " expected, got " ..
        (missing and "no value" or type_word(value)))
  end
  return good
end

-- The function of a row, behind the checks of its arguments.
local function entrance(row)
  local wants
  return function(...)
    wants = wants or parsed(row)
    local given, n = { ... }, select("#", ...)
    if n > #wants then
      api.fail(string.format("too many arguments to '%s' (at most %d, got %d); write %s", row.name,
          #wants, n, form(row)))
    end
    for i, want in ipairs(wants) do given[i] = checked(row, i, want, given[i], i > n) end
    return row.run(table.unpack(given, 1, #wants))
  end
end

-- Objects --------------------------------------------------------------------------------------

-- A table whose fields change with what the machine does: at the prompt undo puts them back. A table
-- in a field of it is one of its own.
function api.kept(object)
  local known = rawget(core, "objects")
  if known then known[object] = true end
  return object
end

-- A struct of the kernel as a Lua table with these fields and no others. Answers what makes one of
-- a table; words: how it is shown; from: the call that makes one, for messages.
function api.object(type_name, fields, words, from)
  local known = {}
  for field in fields:gmatch("%S+") do known[field] = true end
  local function check(key)
    if known[key] then return end
    api.fail("no field '" .. tostring(key) .. "' in " .. type_name .. "; there are " ..
        fields:gsub("%s+", ", "))
  end
  local meta = { __name = type_name, __tostring = words }
  function meta.__index(_, key) check(key) end
  function meta.__newindex(object, key, value)
    check(key)
    rawset(object, key, value)
  end
  kinds[type_name] = object_kind(type_name, type_name .. ", as " .. from .. " makes one,")
  return function(object) return api.kept(setmetatable(object, meta)) end
end

-- Another name an argument may have that is such an object.
function api.argument(name, type_name) kind_of[name] = type_name end

-- Opening --------------------------------------------------------------------------------------

-- A name the user has taken stays the user's.
local function define(name, value)
  if rawget(_G, name) ~= nil then return end
  rawset(_G, name, value)
  session.known[name] = value
end

local function open(subsystem)
  for _, row in ipairs(subsystem.rows) do
    row.name, row.args, row.returns, row.help = row[1], row[2], row[3], row[4]
    row.group = subsystem.name
    core.api[#core.api + 1] = row
    define(row.name, entrance(row))
  end
  for _, constant in ipairs(subsystem.constants or {}) do
    local name, value, help = table.unpack(constant)
    core.constants[#core.constants + 1] = { name = name, value = value, help = help }
    define(name, value)
  end
end

package.loaded.api = api     -- the subsystems ask for it
setmetatable(_G, nil)        -- main.lua waits for a name that is not there
local files = core.files(core.scripts .. "/subsystems")
table.sort(files)
for _, file in ipairs(files) do
  local name = file:match("^(.*)%.lua$")
  if name then open(require("subsystems/" .. name)) end
end

return api
