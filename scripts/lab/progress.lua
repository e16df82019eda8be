-- How far a student is: the labs started, points, hints taken, first predictions. Kept from one day
-- to the next in the folder the XDG base directory specification names for state; where nothing can
-- be kept, it lasts as long as the program.

local files = require "grade/files"

local progress = {}

local state = { labs = {} }
local trouble            -- why it is not kept or not as it was, to be said once

-- A folder that is no whole path does not count, says the specification.
local function folder()
  local given, home = os.getenv("XDG_STATE_HOME"), os.getenv("HOME")
  if given and given:sub(1, 1) == "/" then return given .. "/dmalab" end
  if home and home ~= "" then return home .. "/.local/state/dmalab" end
end

local function path() return folder() and folder() .. "/labs.json" end

-- With all the folders it lies in.
local function make_folder(whole)
  for at in (whole .. "/"):gmatch("()/") do
    if at > 1 then core.make_folder(whole:sub(1, at - 1)) end
  end
end

local kinds = { folder = "string", points = "number", hints = "number", predictions = "table",
    broken = "table" }

-- What is as we write it, of whatever the file says now; nil where it is no such file at all.
local function sound(read)
  if type(read) ~= "table" or type(read.labs) ~= "table" then return nil end
  local out = { present = type(read.present) == "string" and read.present or nil, labs = {} }
  for name, lab in pairs(read.labs) do
    out.labs[name] = {}
    for key, kind in pairs(kinds) do
      if type(lab) == "table" and type(lab[key]) == kind then out.labs[name][key] = lab[key] end
    end
  end
  return out
end

-- As it is on disk now: another window may have changed it.
function progress.load()
  local text = path() and files.read(path())
  if not text then return end
  local read = sound(core.from_json(text))
  if read then
    state = read
  else
    os.rename(path(), path() .. ".damaged")
    trouble = "your progress could not be read, so it begins anew; the file is kept as\n  " ..
        "labs.json.damaged, where it was"
  end
end

function progress.keep()
  if not path() then
    trouble = "your progress cannot be kept: there is no HOME to keep it in"
    return
  end
  make_folder(folder())
  local fine, why = pcall(files.replace, path(), core.json(state) .. "\n")
  if not fine then trouble = "your progress cannot be kept:\n  " .. why end
end

-- What there is to say of it, once.
function progress.trouble()
  local words
  words, trouble = trouble, nil
  return words
end

-- Of one lab; begun where there is nothing yet.
function progress.of(name)
  state.labs[name] = state.labs[name] or {}
  return state.labs[name]
end

-- Of one lab, or nil.
function progress.known(name) return state.labs[name] end

-- The lab worked on last, or nil.
function progress.present() return state.present end

function progress.turn_to(name) state.present = name end

-- The first prediction is kept: what came behind it may have been seen. Each is told its first.
function progress.note_predictions(name, list)
  local lab = progress.of(name)
  lab.predictions = lab.predictions or {}
  for _, p in ipairs(list) do
    local key = p.board .. ": " .. p.question
    p.first = type(lab.predictions[key]) == "string" and lab.predictions[key] or p.said
    lab.predictions[key] = p.first
  end
end

return progress
