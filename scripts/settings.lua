-- Boards and settings: what machine{ ... }, --board and --set may say, and the machine they make.
-- The settings themselves are rows of core/board.def; boards are tables in boards/.

-- Loaded when somebody names a setting: a machine as it comes needs neither.
local late = setmetatable({}, { __index = function(_, name) return require(name) end })

local session = require "session"

local settings = {}

local by_key, keys
local function row_of(key)
  if not by_key then
    by_key, keys = {}, {}
    for i, row in ipairs(core.settings) do
      by_key[row.key] = row
      keys[i] = row.key
    end
  end
  return by_key[key]
end

-- Their size must be whole pages: a bare 30 here is somebody who meant 30M.
local whole_pages = { ram = true, ram2 = true, ram2_at = true, mem = true, kernel_image = true,
    swiotlb = true, cma = true }
local PAGE = 4096

local multiply = { [""] = 1, k = 1 << 10, m = 1 << 20, g = 1 << 30 }

settings.row = row_of

function settings.shown(row, value)
  if row.type == "size" then return late.text.size(value) end
  return tostring(value)
end

local function quoted(row, value)
  local shown = settings.shown(row, value)
  return tonumber(shown) and shown or '"' .. shown .. '"'
end

-- The range in words.
function settings.range(row)
  if row.type == "word" then return "one of " .. table.concat(row.words, ", ") end
  if row.type == "switch" then return "true or false" end
  local range = settings.shown(row, row.min) .. " to " .. settings.shown(row, row.max)
  return row.pow2 and range .. ", a power of two" or range
end

local function fail(row, value, write)
  if type(value) == "string" then value = '"' .. value .. '"' end
  error(string.format("%s = %s will not do: it is %s; write %s = %s", row.key, tostring(value),
                      settings.range(row), row.key, write), 0)
end

local function nearest_number(row, n)
  n = math.max(row.min, math.min(row.max, n))
  if row.pow2 and n > 0 and n & (n - 1) ~= 0 then
    local p = 1
    while p * 2 <= n do p = p * 2 end
    n = p
  end
  return n
end

local function integer(row, value)
  local n = value
  if type(value) == "string" then
    local digits, unit = value:lower():match("^%s*(0?x?[%da-f]+)%s*([kmg]?)b?%s*$")
    n = digits and tonumber(digits)
    if n and (row.type == "size" or unit == "") then
      -- A product too big for 64 bits is surely too big for the setting.
      n = n > (1 << 40) and math.maxinteger or n * multiply[unit]
    else
      n = nil
    end
  end
  n = n and math.tointeger(n)
  if not n then
    -- Who says true wants some of it, where the board has none.
    local some = row.type == "size" and row.default == 0 and value ~= false
    fail(row, value, quoted(row, some and math.min(1 << 20, row.max) or row.default))
  end
  return n
end

local function check_integer(row, value)
  local n = integer(row, value)
  if whole_pages[row.key] and n % PAGE ~= 0 then
    local meant = n > 0 and n <= 1024 and late.text.size(n << 20)
        or late.text.size(math.max(PAGE, row.min, n - n % PAGE))
    error(string.format('%s = %s is %s, no whole number of pages; write %s = "%s"', row.key,
                        tostring(value), late.text.count(n, "byte"), row.key, meant), 0)
  end
  if n < row.min or n > row.max or (row.pow2 and n > 0 and n & (n - 1) ~= 0) then
    local meant = nearest_number(row, n)
    if row.type == "size" and n > 0 and n <= 1024 and n << 20 >= row.min and n << 20 <= row.max then
      meant = n << 20
    end
    fail(row, value, quoted(row, meant))
  end
  return n
end

local yes = { ["true"] = true, on = true, yes = true, ["1"] = true }
local no = { ["false"] = true, off = true, no = true, ["0"] = true }

local function check_switch(row, value)
  if type(value) == "boolean" then return value end
  if yes[tostring(value)] then return true end
  if no[tostring(value)] then return false end
  fail(row, value, tostring(row.default))
end

local function check_word(row, value)
  for _, word in ipairs(row.words) do
    if word == value then return word end
  end
  fail(row, value, '"' .. (late.near.word(tostring(value), row.words) or row.default) .. '"')
end

local checks = { size = check_integer, number = check_integer, switch = check_switch,
    word = check_word }

local function check(key, value)
  local row = row_of(key)
  if not row then
    local known = table.move(keys, 1, #keys, 2, { "board" })
    error(string.format("there is no setting called %s%s\n  help settings lists them",
        tostring(key),
                        late.near.hint(tostring(key), known)), 0)
  end
  return checks[row.type](row, value)
end

local function is_file(name) return name:find("/", 1, true) or name:find("%.lua$") end

-- Names of the boards in boards/, in order.
function settings.boards()
  local names = {}
  for _, file in ipairs(core.files(core.scripts .. "/boards")) do
    names[#names + 1] = file:match("^(.+)%.lua$")
  end
  table.sort(names)
  return names
end

local kept = {}

-- Read a board now, for when no file can be read any more.
function settings.keep(name) kept[name] = settings.board(name) end

-- The table of a board, that of its base filled in.
function settings.board(name, seen)
  if kept[name] then return kept[name] end
  seen = seen or {}
  if seen[name] then error("board " .. name .. " is its own base", 0) end
  seen[name] = true
  local path = is_file(name) and name or core.scripts .. "/boards/" .. name .. ".lua"
  local file = io.open(path)
  if not file then
    if is_file(name) then error("there is no board file " .. name, 0) end
    error(string.format("there is no board called %s%s\n  help boards lists them", name,
                        late.near.hint(name, settings.boards())), 0)
  end
  file:close()
  -- A board is data: it sees no globals.
  local chunk, why = loadfile(path, "t", {})
  local fine, board
  if chunk then fine, board = pcall(chunk) end
  if not chunk or not fine then error("board " .. name .. ": " .. tostring(why or board), 0) end
  if type(board) ~= "table" then
    error("board " .. name .. ": the file does not return a table", 0)
  end
  if board.base then
    for key, value in pairs(settings.board(board.base, seen)) do
      if board[key] == nil then board[key] = value end
    end
  end
  return board
end

-- A table of settings by key, checked; `about` and `base` are the board's own.
function settings.checked(board)
  local out = {}
  for key, value in pairs(board) do
    if key ~= "about" and key ~= "base" then out[key] = check(key, value) end
  end
  return out
end

local function refuse(key, value, why)
  if key then error(string.format("%s = %s: %s; it is %s", key, tostring(value), why,
                                  settings.range(row_of(key))), 0) end
  error(why, 0)
end

-- machine{ board = NAME, key = value }: a fresh machine. Nothing changes when a setting is wrong.
function settings.power_on(wanted)
  local name = session.held or wanted.board or "arm64"
  if type(name) ~= "string" then
    error('board = NAME wants a name, as in machine{ board = "tiny" }', 0)
  end
  local all, own = settings.checked(settings.board(name)), {}
  for key, value in pairs(wanted) do
    if key ~= "board" then own[key] = check(key, value) end
  end
  for key, value in pairs(own) do all[key] = value end
  local on, key, why = core.power_on(all)
  if not on then refuse(key, all[key], why) end
  session.chosen = { board = name, own = own }
end

-- The present machine as a line of Lua.
function settings.line(chosen)
  chosen = chosen or session.chosen
  local words = { 'board = "' .. chosen.board .. '"' }
  for _, row in ipairs(core.settings) do
    local key, value = row.key, chosen.own[row.key]
    if value ~= nil then
      words[#words + 1] = key .. " = " .. (type(value) == "boolean" and tostring(value)
                                           or quoted(row, value))
    end
  end
  return "machine{ " .. table.concat(words, ", ") .. " }"
end

return settings
