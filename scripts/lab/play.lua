-- Plays a student's file once on the machine of the prompt, with what the lab gives, so that it can
-- be looked at. Nothing is confined here: it is the student's own session.

local explore = require "explore"
local judge = require "grade/judge"
local session = require "session"
local settings = require "settings"

local play = {}

-- The board of that name as the lab has it, or as it comes.
function play.board(lab, name)
  for _, board in ipairs(lab.boards) do
    local wanted = type(board) == "table" and board or { board = board }
    if not name or wanted.board == name then return wanted end
  end
  settings.board(name)     -- raises where there is none
  return { board = name }
end

-- The file, played here in the place of the student's state (judge.once). It sees what the lab
-- gives, then the prompt's globals; what it defines is its own.
local function driver_of(source)
  local driver = {}

  function driver.reset()
    driver.own = setmetatable({}, { __index = function(_, name)
      return judge.given(name) or _G[name]
    end })
    local chunk, why = core.compile(source, "=driver.lua", "t", driver.own)
    if not chunk then return false, why end
    return pcall(chunk)
  end

  function driver.call(name, ...)
    local fn = rawget(driver.own, name)
    if type(fn) == "function" then return pcall(fn, ...) end
    return false, "there is no function " .. name .. " in it: the lab calls " .. name .. "(...)"
  end

  return driver
end

local left = {}      -- what the file played last has left at the prompt

-- What the file has defined is there at the prompt, unless the name is one of ours; until another
-- is played.
local function leave_behind(own)
  for name, value in pairs(left) do
    if rawget(_G, name) == value then _G[name] = nil end
  end
  left = {}
  for name, value in pairs(own) do
    if type(name) == "string" and session.known[name] == nil then
      left[name], _G[name] = value, value
    end
  end
end

local QUIT = { kind = "error", message = "driver.lua calls quit() or exit(), which leave the " ..
    "prompt; a driver does not\n  take it out: lab check knows no such call" }

local function passed_on(message) return tostring(message):find("interrupted", 1, true) end

-- On a fresh machine, calm but for the choices (explore.replay). Answers what went wrong, as
-- { kind =, message = } or nothing, and the predictions.
function play.once(lab, values, source, board, choices)
  settings.power_on(board)
  session.new_machine()
  leave_behind {}
  local driver, failure, predictions = driver_of(source), nil, nil
  local fine, why = pcall(explore.replay, function()
    failure, predictions = judge.once(lab, values, board.board, driver)
  end, choices or {})
  leave_behind(driver.own)
  if not fine and not failure then
    failure = { kind = "error", message = why:find("never came up", 1, true) and
        "the file does something else by now; lab check looks again" or why }
  end
  if failure and failure.message == session.leave then failure = QUIT end
  if failure and passed_on(failure.message) then error(failure.message, 0) end
  return failure, predictions or {}
end

return play
