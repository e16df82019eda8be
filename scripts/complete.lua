-- What may follow at the cursor: names, fields, settings, boards, words of a command.

require "api"
local session = require "session"
local settings = require "settings"

local function starting_with(word, list)
  local found = {}
  for _, name in ipairs(list) do
    if name:sub(1, #word) == word then found[#found + 1] = name end
  end
  table.sort(found)
  local unique = {}
  for i, name in ipairs(found) do
    if name ~= found[i - 1] then unique[#unique + 1] = name end
  end
  return unique
end

local function globals()
  local names = {}
  for name in pairs(_G) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  for _, keyword in ipairs { "and", "break", "do", "else", "elseif", "end", "false", "for",
      "function", "goto", "if",
                             "in", "local", "nil", "not", "or", "repeat", "return", "then", "true",
                                 "until", "while" } do
    names[#names + 1] = keyword
  end
  return names
end

-- Fields of the objects that are not devices, by the name of their metatable.
local object_fields = {
  ["dmalab.sg"] = { "page", "offset", "length", "dma_address", "dma_length" },
  ["dmalab.sg_table"] = { "sgl", "nents", "orig_nents" },
}

-- Fields and methods of what a dotted path names, each with the path in front.
local function fields(path, separator, prefix)
  local value = _G
  for part in path:gmatch("[^.:]+") do
    if type(value) ~= "table" then return {} end
    value = rawget(value, part)
  end
  local names = {}
  if type(value) == "table" then
    for name in pairs(value) do
      if type(name) == "string" then names[#names + 1] = prefix .. name end
    end
  elseif type(value) == "userdata" and object_fields[getmetatable(value).__name] then
    for _, name in ipairs(separator == "." and object_fields[getmetatable(value).__name] or {}) do
      names[#names + 1] = prefix .. name
    end
  elseif type(value) == "userdata" and getmetatable(value).__name == "dmalab.device" then
    for _, name in ipairs(session.fields("dev")) do names[#names + 1] = prefix .. name end
    if separator == "." then
      names[#names + 1] = prefix .. "bar"
      names[#names + 1] = prefix .. "name"
    end
  end
  return names
end

local function keys()
  local names = { "board" }
  for _, row in ipairs(core.settings) do names[#names + 1] = row.key end
  return names
end

-- The words a setting may take, where these are words.
local function words_of(key)
  if key == "board" then return settings.boards() end
  local row = settings.row(key)
  return row and row.words or {}
end

-- The user's variables that may be an address or a size.
local function numbers()
  local names = {}
  for name, value in pairs(_G) do
    if math.type(value) == "integer" and session.known[name] ~= value and name ~= "_" then
      names[#names + 1] = name
    end
  end
  return names
end

local directions = { "to_device", "from_device", "bidirectional" }

local function in_quotes(before)
  local key = before:match("([%w_]+)%s*=%s*[\"']$")
  if key then return words_of(key) end
  if before:find("cat%s*%(?%s*[\"']$") then return session.commands.cat.complete end
  if before:find("dma_[%w_]+%s*%(") or before:find("map%s*%(") then return directions end
  return {}   -- a file name, perhaps
end

-- Behind `lab start ` and its like: names of labs; of `lab run` a board as well.
local function after_lab(before, row)
  if before:find("%son%s+$") then return settings.boards() end
  local first = before:match("^%s*lab%s+(%a+)%s")
  if not first then return row.complete end
  local list = first ~= "list" and require("grade/labs").names() or {}
  if first == "run" then list[#list + 1] = "on" end
  return list
end

local function after_command(before, name)
  local row = session.commands[name]
  if name == "help" then return require("help").names() end
  if name == "lab" then return after_lab(before, row) end
  if name == "machine" then
    local key = before:match("([%w_]+)=$")
    if key then return words_of(key) end
    local list = settings.boards()
    for _, key_name in ipairs(keys()) do list[#list + 1] = key_name end
    return list
  end
  if before:find("show%s+board%s+$") then return settings.boards() end
  if before:find("show%s+line%s") or before:find("show%s+bytes%s") then return numbers() end
  local list = row and row.complete and table.move(row.complete, 1, #row.complete, 1, {}) or {}
  if row and row.raw then return list end
  if name:find("^dma_") then table.move(directions, 1, #directions, #list + 1, list) end
  return table.move(globals(), 1, #globals(), #list + 1, list)
end

-- word: what is being typed; start: where it begins in the line (1 is the first place).
return function(word, start, line)
  local before = line:sub(1, start - 1)
  local path, separator = word:match("^([%w_.]+)([.:])[%w_]*$")
  if path then return starting_with(word, fields(path, separator, path .. separator)) end
  path, separator = before:match("([%a_][%w_.]*)([.:])$")
  if path then return starting_with(word, fields(path, separator, "")) end
  if before:find("[\"']$") then return starting_with(word, in_quotes(before)) end
  if before:find("machine%s*%(?%s*{[^}]*$") and not before:find("=%s*$") then
    return starting_with(word, keys())
  end
  -- readline takes a word up to a minus sign; names of rules and labs have some.
  local whole, by, dashed = before:match("^(%s*(%a+)%s.-)(%S*%-)$")
  if by == "help" or by == "lab" then
    local found = starting_with(dashed .. word, after_command(whole, by))
    for i, name in ipairs(found) do found[i] = name:sub(#dashed + 1) end
    return found
  end
  local command = before:match("^%s*([%a_][%w_]*)%s")
  local plain = not before:find("[%(=]") or (command == "machine" and not before:find("[%({]"))
  if command and plain and (session.commands[command] or command:find("^dma_")) then
    return starting_with(word, after_command(before, command))
  end
  return starting_with(word, globals())
end
