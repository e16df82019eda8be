-- The entry point: C asks these functions what a line means, and says what came of it.
-- Start-up counts here: what only some lines need is loaded by the line that needs it.

-- All of Lua's own names stay, but one: the API's `load` reads memory. Compiling is core.compile.

-- Our own files see Lua's names as they are now, whatever the user assigns to `table` or `type`.
local names = {}
for name, value in pairs(_G) do names[name] = value end

table.insert(package.searchers, 2, function(module)
  local path = core.scripts .. "/" .. module .. ".lua"
  local chunk, why = loadfile(path, "t", names)
  if not chunk and not why:find("^cannot open") then error(why, 0) end
  return chunk or why, path
end)

local session = require "session"
require "commands"

local main = {}

core.announce = session.announce
core.oops = function(...) return require("why").oops(...) end

-- The words of --board, --set and --seed, last one first heard.
local function wanted_of(list)
  local wanted = {}
  for _, pair in ipairs(list) do wanted[pair[1]] = pair[2] end
  return wanted
end

-- A wrong setting is wrong usage: the error goes back to C, which says it and leaves. With none the
-- machine is the default one, which C switches on when somebody first needs it.
function main.start(list, mode)
  session.mode = mode
  session.speaks = mode == "prompt" or mode == "stdin"
  if #list > 0 then require("settings").power_on(wanted_of(list)) end
  session.started = session.chosen
  session.known = session.globals()
  if session.speaks then
    local text = require "text"
    text.colour = core.terminal and not os.getenv("NO_COLOR") and os.getenv("TERM") ~= "dumb"
  end
  if mode == "prompt" and core.terminal then
    io.stdout:write("dmalab ", core.version, ", board ", session.chosen.board,
                    ". tour shows around, lab has exercises, help lists all.\n")
  end
end

-- The calls made in Lua are loaded when a script asks for a name that is not there; at the prompt
-- line.lua loads them.
setmetatable(_G, { __index = function(_, name)
  require "api"
  return rawget(_G, name)
end })

function main.line(line) return require("line").play(line) end

-- A session beside another one, on a board of its own: it plays the same lines and speaks to nobody.
function main.stand_beside(board)
  local nowhere = io.open("/dev/null", "r+")
  io.stdin, io.stdout, io.stderr = nowhere, nowhere, nowhere
  io.input(nowhere)
  io.output(nowhere)
  _G.print = function() end
  session.mode, session.held = "prompt", board
  session.known = session.globals()
  require("settings").power_on {}
end

-- step: on the first board the line was a step of undo, so it is one here.
function main.play_beside(line, step)
  session.step = step
  require("line").play(line)
end

function main.complete(word, start, line) return require("complete")(word, start, line) end

-- What a script ran into: where, why, and the way there.
local function trace_back(message)
  if message == session.leave then return message end
  local lines = {}
  for line in debug.traceback("", 3):gmatch("[^\n]+") do
    if line:find("main.lua", 1, true) then break end
    if not line:find("stack traceback", 1, true) and not line:find("tail calls", 1, true)
       and not line:find(core.scripts, 1, true) and not line:find("[C]: in", 1, true) then
      lines[#lines + 1] = "  called from" .. line:gsub("^%s*", " ")
    end
  end
  -- The innermost place is in the message already.
  if #lines > 0 and lines[1]:find(tostring(message):match("^(.-:%d+:)") or "\0", 1, true) then
    table.remove(lines, 1)
  end
  if #lines > 6 then
    lines[6] = "  ..."
    for i = #lines, 7, -1 do lines[i] = nil end
  end
  return table.concat({ require("line").improve(tostring(message)), table.unpack(lines) }, "\n")
end

local function play(chunk, why, ...)
  local fine = chunk ~= nil
  if chunk then fine, why = xpcall(chunk, trace_back, ...) end
  session.report_quiet()
  if fine or why == session.leave then return true end
  session.failures = session.failures + 1
  io.stdout:flush()
  io.stderr:write("dmalab: ", why, "\n")
  return false
end

-- A script may require files that lie beside it.
function main.run(file, args)
  args = args or {}
  args[0] = args[0] or file
  _G.arg = args
  local folder = file:match("^(.*)/[^/]*$") or "."
  package.path = package.path .. ";" .. folder .. "/?.lua"
  local chunk, why = loadfile(file ~= "-" and file or nil)
  return play(chunk, why, table.unpack(args))
end

-- What --bound, --runs and their like say; of seconds also a part of one.
local function amount(key, word)
  local n, kind = tonumber(word), "number of seconds"
  if key ~= "seconds" then n, kind = math.tointeger(n), "whole number" end
  if n and n >= 0 and n < math.huge then return n end
  error(("--%s wants a %s, 0 or more, not %s"):format(key, kind, word), 0)
end

local function boards_named(word)
  if word == "all" then return word end
  local list = {}
  for name in word:gmatch("[^,]+") do
    require("settings").board(name)      -- raises where there is none
    table.insert(list, name)
  end
  if #list == 0 then error("--boards wants all, or names: --boards arm64,x86", 0) end
  return list
end

-- Options of the command line are words. A wrong one is wrong usage, as in main.start.
function main.explore_options(pairs_given)
  local options = { shows = true }
  for _, pair in ipairs(pairs_given) do
    local key, word = pair[1], pair[2]
    options[key] = key == "boards" and boards_named(word) or amount(key, word)
  end
  return options
end

-- The script is the driver: explore plays it from its first line each time.
function main.explore(file, options, record)
  local folder = file:match("^(.*)/[^/]*$") or "."
  package.path = package.path .. ";" .. folder .. "/?.lua"
  _G.arg = { [0] = file }
  options.record = record
  local chunk, why = loadfile(file)
  local holds = false
  return play(chunk and function()
    local result = require("explore").explore(chunk, options)
    io.stdout:write(tostring(result), "\n")
    holds = result.holds
  end, why) and holds
end

-- Each answers the exit status.
function main.grade(words) return require("grade").main(words) end
function main.lab(words) return require("lab").main(words) end

function main.eval(code)
  local chunk, why = core.compile(code, "=-e")
  return play(chunk, why)
end

-- 0, or 1 when a script failed or broke a rule. At the prompt mistakes are part of learning.
function main.finish()
  if session.mode == "prompt" then return 0 end
  return (session.failures > 0 or session.violations > 0) and 1 or 0
end

return main
