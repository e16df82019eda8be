-- The labs: where they lie, what they are called, and what their grade.lua declares
-- (labs/README.md). A lab is data and one function, `play`; this file checks the data once, so that
-- nobody else has to.

local misconceptions = require "misconceptions"
local near = require "near"
local properties = require "grade/properties"
local session = require "session"

local labs = {}

local FOLDER = core.scripts .. "/../labs"

-- The folders of all labs, in the order of the course.
function labs.names()
  local names = {}
  for _, name in ipairs(core.files(FOLDER)) do
    if name:find("^%d%d%-") then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- The whole name of a lab that is named in short, by its number or without; nil where there is none.
function labs.find(wanted)
  local number = math.tointeger(tonumber(wanted))
  for _, name in ipairs(labs.names()) do
    if name == wanted or name:sub(4) == wanted or tonumber(name:sub(1, 2)) == number then
      return name
    end
  end
end

-- Of a program without its labs.
function labs.missing()
  return "there are no labs in " .. FOLDER .. "\n  they belong beside the folder scripts of dmalab"
end

-- The same; it raises where there is none.
function labs.named(wanted)
  local name, known = labs.find(wanted), {}
  if name then return name end
  if #labs.names() == 0 then error(labs.missing(), 0) end
  for _, there in ipairs(labs.names()) do
    known[#known + 1] = there
    known[#known + 1] = there:sub(4)
  end
  error("there is no lab called " .. wanted .. near.hint(wanted, known) ..
      "\n  lab list shows them", 0)
end

local function folder_of(wanted)
  if core.kind_of_file(wanted .. "/grade.lua") == "file" then return wanted end
  if not labs.find(wanted) and core.kind_of_file(wanted) == "folder" then
    error("there is no grade.lua in " .. wanted, 0)
  end
  return FOLDER .. "/" .. labs.named(wanted)
end

-- Declarations ---------------------------------------------------------------------------------

local wants = { title = "string", teaches = "table", slides = "table", boards = "table",
    draw = "function", play = "function", checks = "table", hints = "table" }
local may = { gives = "function", bound = "number", runs = "number", hidden = "number",
    predicts = "table" }
local HINTS = 3

local function check_kinds(lab)
  for key, kind in pairs(wants) do
    if type(lab[key]) ~= kind then error(key .. " has to be a " .. kind, 0) end
  end
  for key, value in pairs(lab) do
    if not wants[key] and type(value) ~= may[key] then error("nobody reads " .. key, 0) end
  end
end

-- A lab without boards or checks would be passed by everybody.
local function check_lists(lab)
  for _, key in ipairs { "teaches", "boards", "checks" } do
    if #lab[key] == 0 then error(key .. " is empty", 0) end
  end
  if #lab.hints ~= HINTS then error("hints has to have " .. HINTS .. " of them", 0) end
end

local function check_code(code)
  for _, row in ipairs(misconceptions) do
    if row.id == code then return end
  end
  error("there is no misconception " .. tostring(code) .. "; help misconceptions lists them", 0)
end

local function has_board(lab, name)
  for _, board in ipairs(lab.boards) do
    if (type(board) == "table" and board.board or board) == name then return true end
  end
end

local function check_options(lab, options)
  for option, kind in pairs(properties[options[1]].wants or {}) do
    if type(options[option]) ~= kind then
      error(options[1] .. " wants a " .. kind .. " " .. option, 0)
    end
  end
  for _, name in ipairs(options.boards or {}) do
    if not has_board(lab, name) then error(name .. " is not among the boards of the lab", 0) end
  end
end

-- A check: { title, points =, property = NAME or { NAME, option = value }, code = "M01" }.
local function check_row(lab, row)
  local options = type(row.property) == "table" and row.property or { row.property }
  if not properties[options[1]] then
    error("there is no property " .. tostring(options[1]) .. "; labs/README.md lists them", 0)
  elseif math.type(row.points) ~= "integer" or row.points < 0 or type(row[1]) ~= "string" then
    error("it needs a title, and points, 0 or more", 0)
  end
  check_options(lab, options)
  local code = row.code or lab.teaches[1]
  check_code(code)
  return { title = row[1], points = row.points, property = options[1], options = options,
      code = code }
end

local function check_declared(lab)
  check_kinds(lab)
  check_lists(lab)
  for _, code in ipairs(lab.teaches) do check_code(code) end
  for i, row in ipairs(lab.checks) do
    local fine, checked = pcall(check_row, lab, row)
    if not fine then error("check " .. i .. ": " .. checked, 0) end
    lab.checks[i] = checked
  end
end

-- What play may call beside the driver API; the judge fills them in.
labs.words = {}

function labs.load(wanted)
  local folder = folder_of(wanted)
  local file = folder .. "/grade.lua"
  local text, why_not = core.plain_file(file, 1 << 20)
  if not text then error(file .. ": " .. why_not, 0) end
  local name = core.full_path(folder):match("[^/]+$")
  local chunk, why = core.compile(text, "@" .. name .. "/grade.lua", "t", setmetatable({}, {
    __index = function(_, global)
      local word = labs.words[global]
      if word ~= nil then return word end
      return session.known[global] or _G[global]
    end }))
  if not chunk then error(why, 0) end
  local lab = chunk()
  if type(lab) ~= "table" then error(file .. " has to return a table", 0) end
  local fine, wrong = pcall(check_declared, lab)
  if not fine then error(file .. ": " .. wrong, 0) end
  lab.folder, lab.name, lab.text = folder, name, text
  return lab
end

function labs.points(lab)
  local sum = 0
  for _, check in ipairs(lab.checks) do sum = sum + check.points end
  return sum
end

return labs
