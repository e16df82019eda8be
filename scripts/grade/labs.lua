-- The labs: where they lie, what they are called, and what their grade.lua declares
-- (labs/README.md). A lab is data and one function, `play`; this file checks the data once, so that
-- nobody else has to.

local near = require "near"
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
  return FOLDER .. "/" .. labs.named(wanted)
end

-- Declarations ---------------------------------------------------------------------------------

local wants = { title = "string", teaches = "table", slides = "table", boards = "table",
    draw = "function", play = "function", checks = "table", hints = "table" }
local may = { gives = "function", bound = "number", runs = "number", hidden = "number",
    predicts = "table" }

local function check_declared(lab)
  for key, kind in pairs(wants) do
    if type(lab[key]) ~= kind then error(lab.file .. ": " .. key .. " has to be a " .. kind, 0) end
  end
  for key, value in pairs(lab) do
    local kind = wants[key] or may[key] or "string"
    if not (wants[key] or may[key] or key == "file" or key == "name" or key == "folder" or
        key == "text")
       or type(value) ~= kind then
      error(lab.file .. ": nobody reads " .. key, 0)
    end
  end
end

-- A check: { title, points =, property = NAME or { NAME, option = value }, code = "M01" }.
local function check_rows(lab)
  local properties = require "grade/properties"
  for i, row in ipairs(lab.checks) do
    local property = type(row.property) == "table" and row.property or { row.property }
    if not properties[property[1]] or math.type(row.points) ~= "integer" or
       type(row[1]) ~= "string" then
      error(lab.file .. ": check " .. i .. " needs a title, points and a property", 0)
    end
    lab.checks[i] = { title = row[1], points = row.points, property = property[1],
        options = property, code = row.code or lab.teaches[1] }
  end
end

-- What play may call beside the driver API; the judge fills them in.
labs.words = {}

function labs.load(wanted)
  local folder = folder_of(wanted)
  local file = folder .. "/grade.lua"
  local text, why_not = core.plain_file(file, 1 << 20)
  if not text then error(file .. ": " .. why_not, 0) end
  local chunk, why = core.compile(text, "@" .. file, "t", setmetatable({}, { __index = function(_, name)
    local word = labs.words[name]
    if word ~= nil then return word end
    return session.known[name] or _G[name]
  end }))
  if not chunk then error(why, 0) end
  local lab = chunk()
  lab.file, lab.folder, lab.name, lab.text = file, folder, folder:match("([^/]+)/*$"), text
  check_declared(lab)
  check_rows(lab)
  return lab
end

function labs.points(lab)
  local sum = 0
  for _, check in ipairs(lab.checks) do sum = sum + check.points end
  return sum
end

return labs
