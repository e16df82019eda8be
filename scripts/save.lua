-- `save FILE`: the session as a script that plays to the same state.

local session = require "session"
local settings = require "settings"
local text = require "text"

local save = {}

local function is_local(line) return line:find("^%s*local%s") end

-- Every line of it behind a comment sign.
local function commented(line, why)
  return "-- " .. why .. ": " .. line:gsub("\n", "\n-- ")
end

local function code_of(entry)
  if entry.kind == "command" then return (entry.answers > 0 and "_ = " or "") .. entry.call end
  -- A call that answered nothing stands alone, and leaves _ as it is.
  if entry.kind == "expression" and entry.answers == 0 and core.compile(entry.expression) then
    return entry.expression
  end
  if entry.kind == "expression" then return "_ = " .. entry.expression end
  return entry.text
end

-- A line that failed had effects up to there: in pcall it has them again, and fails again.
local function source(entry)
  if entry.interrupted then return commented(entry.text, "interrupted, so not played") end
  local code = code_of(entry)
  if entry.failed then
    return "pcall(function()\n  " .. code:gsub("\n", "\n  ") .. "\nend)"
  end
  return is_local(entry.text) and "do " .. code .. "\nend" or code
end

function save.save(path)
  if type(path) ~= "string" then error("save wants a file name, as in: save session.lua", 0) end
  local out, interrupted = { "-- A session of dmalab; `dmalab run " .. path .. "` plays it.",
                             settings.line(session.started) }, 0
  for _, entry in ipairs(session.history) do
    if not entry.undone and not entry.aside then
      out[#out + 1] = source(entry)
      interrupted = interrupted + (entry.interrupted and 1 or 0)
    end
  end
  local file, why = io.open(path, "w")
  if not file then error("cannot write " .. why, 0) end
  local written = file:write(table.concat(out, "\n"), "\n")
  local closed = file:close()
  if not written or not closed then error("cannot write " .. path .. ": the disk is full?", 0) end
  io.stdout:write("saved ", text.count(#out - 2, "line"), "; dmalab run ", path, " plays them\n")
  if interrupted > 0 then
    io.stdout:write(text.count(interrupted, "line"), " had been interrupted: in the file as a " ..
        "comment\n")
  end
end

return save
