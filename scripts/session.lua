-- What one session remembers: its lines, its mistakes, the rules it broke.
-- How a line is understood is in line.lua; start-up without a prompt does not need it.

local session = {
  history = {},        -- { text, kind, call, again, step, failed, interrupted, undone, aside, changes }
  commands = {},       -- rows of commands.lua, by number and by name
  known = {},          -- the globals that are ours, not the user's
  leave = {},          -- raised by quit
  chosen = { board = "arm64", own = {} },      -- the machine, as settings.lua was asked for it
  failures = 0,        -- lines that failed
  violations = 0,      -- rules broken, outside the tour; those that are warnings left out
  checker = "all",     -- "kernel": only dma-debug speaks
  held = nil,          -- the only board there is, for a session beside another one
  step = nil,          -- the line is a step of undo whatever it does
  past = 0,            -- how often the past was lost: a fresh machine
  announced = nil,     -- the violation that came last, of warnings those that were said: for why()
  kernel_said = 0,     -- dma-debug's lines up to this event were shown
}

-- A copy of all globals, to find out later what changed.
function session.globals()
  local copy = {}
  for name, value in pairs(_G) do copy[name] = value end
  return copy
end

-- All globals as that copy has them, and no others.
function session.put_back(copy)
  for name in pairs(_G) do
    if copy[name] == nil then _G[name] = nil end
  end
  for name, value in pairs(copy) do _G[name] = value end
end

-- Fields and methods of the few tables and objects that are part of the language.
function session.fields(owner)
  local fields = {}
  for _, row in ipairs(core.api) do
    local field = row.name:match("^" .. owner .. "[.:](.+)$")
    if field then fields[#fields + 1] = field end
  end
  return fields
end

-- Take back n lines that did something, the variables they set and the objects they changed.
function session.undo(n)
  n = n or 1
  if math.type(n) ~= "integer" or n < 1 then error("undo takes a number of lines, 1 or more", 0) end
  local objects = require "objects"
  -- The line that says undo has a snapshot of its own, which is no step unless it did more.
  local own = session.no_step == nil and objects.keep()
  session.no_step = "aside"
  local back, taken = objects.undo(n), {}
  for i = #session.history, 1, -1 do
    local entry = session.history[i]
    if #taken == back - (own and 1 or 0) then break end
    if entry.step and not entry.undone then
      entry.undone = true
      table.insert(taken, entry)
      for name, change in pairs(entry.changes) do
        if rawget(_G, name) == change.new then _G[name] = change.old end
      end
    end
  end
  return taken, back
end

-- A new machine: what was done on the old one cannot be taken back.
function session.new_machine()
  for _, entry in ipairs(session.history) do entry.step = nil end
  session.kernel_said = 1     -- its first event: the lines of the boot
  session.no_step = session.no_step or "machine"
  session.past = session.past + 1
  _G._ = nil
end

-- Announcements --------------------------------------------------------------------------------

session.quiet = {}
session.warned = {}   -- a warning is said once a session; `violations all` lists them
local LOUD = 3   -- announcements of one rule in one line; the rest is counted

-- What the kernel's own checker has printed since it was asked last.
local function kernel_says()
  local out = session.speaks and io.stdout or io.stderr
  for _, line in ipairs(require("dma_debug").log()) do
    if line.seq > session.kernel_said then out:write(line.text, "\n") end
  end
  session.kernel_said = select(2, core.trace()) - 1
end

-- `set checker=kernel`: what the others find is no longer announced.
function session.set(word)
  local checker = tostring(word):match("^checker=(%w+)$")
  if checker ~= "kernel" and checker ~= "all" then
    error("set takes checker=kernel or checker=all", 0)
  end
  session.checker = checker
  session.instead = string.format("set(%q)", word)   -- `save` keeps it
  session.kernel_said = select(2, core.trace()) - 1
end

-- A rule broke. Said at once, but not a thousand times by one loop.
function session.announce(v)
  if session.in_tour then
    require("why").announce(v, io.stdout)
    return
  end
  if v.severity == "error" then
    session.violations, session.announced = session.violations + 1, v
  end
  if session.checker == "kernel" then return kernel_says() end
  if v.severity == "warning" then
    if session.warned[v.rule] then return end
    session.warned[v.rule], session.announced = true, v
  end
  local heard = (session.quiet[v.rule] or 0) + 1
  session.quiet[v.rule] = heard
  if heard <= LOUD then require("why").announce(v, session.speaks and io.stdout or io.stderr) end
end

function session.report_quiet()
  local rules = {}
  for rule, heard in pairs(session.quiet) do
    if heard > LOUD then rules[#rules + 1] = rule end
  end
  table.sort(rules)
  local out = session.speaks and io.stdout or io.stderr
  for _, rule in ipairs(rules) do
    out:write("! " .. rule .. ": " .. session.quiet[rule] - LOUD
        .. " more; violations lists them\n")
  end
  session.quiet = {}
end

return session
