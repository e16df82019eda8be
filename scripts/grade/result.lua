-- The one object that all result formats are made of: what a submission is worth, and why.
--
-- { tool, lab, title, student, seed, key, sandbox, state, score, max, message, printed, schedules,
--   cost = { cycles =, maintained = }, recording, picture,
--   predictions = { { question, board, said, truth, right } },
--   checks = { { number, title, points, max, outcome, code, message, moment, story, board,
--     deviations, hidden; choices and machine, to play it again } } }
--
-- state: "unfinished" (written first, in case nothing comes after), "done", "broken" (no Lua),
-- "unread" (no file, or one nobody may read), "late", "loud", "killed", "failed". outcome: pass, fail,
-- error (could not be judged). heard: how far its child is, until that ends (finding.lua). key: of all
-- it depends on (grader.lua). No time of the clock and no path is in it: the same submission has the
-- same result, byte for byte.

local finding = require "grade/finding"
local labs = require "grade/labs"

local result = {}

local NOT_JUDGED = "not judged"

-- Where our own scripts lie is nobody's business, and differs from machine to machine.
local OURS = core.scripts:gsub("%W", "%%%0") .. "/[%w_/]+%.lua:%d+: "

-- A message without a place in our own scripts, which would tell nobody what to do.
function result.without_place(message) return (tostring(message):gsub(OURS, "")) end

-- Only plain UTF-8 goes into a result, whatever a student prints.
local function plain(text)
  text = result.without_place(text):gsub("[\0-\8\11-\31\127]", "?"):gsub("\xc2[\x80-\x9f]", "?")
  if utf8.len(text) then return text end
  return (text:gsub("[\128-\255]", "?"))
end

-- Before anything is known.
function result.new(lab, student, seed)
  local r = { tool = "dmalab " .. core.version, lab = lab.name, title = lab.title,
      student = plain(student), seed = seed, sandbox = result.sandbox(), state = "unfinished",
      score = 0, max = labs.points(lab), checks = {}, heard = { at = 0, judged = 0 } }
  for i, check in ipairs(lab.checks) do
    r.checks[i] = { number = i, title = check.title, points = 0, max = check.points,
        outcome = "error", message = NOT_JUDGED }
  end
  return r
end

-- What holds a student's file beside the limits of Lua.
function result.sandbox()
  local lacks = core.confine_lacks()
  return lacks == "" and "full" or "without " .. lacks
end

local function cleaned(value)
  if type(value) == "string" then return plain(value) end
  if type(value) ~= "table" then return value end
  local out = {}
  for key, inner in pairs(value) do out[key] = cleaned(inner) end
  return out
end

local function add_up(r)
  r.score = 0
  for _, check in ipairs(r.checks) do r.score = r.score + check.points end
end

local function take(r, said)
  if said.begins then
    r.heard.at = said.begins
  elseif said.check then
    local check = r.checks[said.check]
    r.heard.judged, said.check, check.message = said.check, nil, nil
    for key, value in pairs(said) do check[key] = value end
    add_up(r)
  else
    for key, value in pairs(said) do r[key] = value end
    r.heard.all = true
  end
end

-- What the judge said. A check is replaced field by field; what is no check is of the whole. False:
-- that is nothing it may say (finding.lua), and nothing more is believed.
function result.hear(r, said)
  if r.heard.spoilt or not finding.sound(said, r.heard, r.checks) then
    r.heard.spoilt = true
    return false
  end
  take(r, cleaned(said))
  return true
end

local ends = {
  late = "stopped after %d s: the driver was still at work in this check\n  a loop without an " ..
      "end, or one call of Lua's library that takes for ever?",
  loud = "stopped: the driver made far too much of everything",
  killed = "the process the driver ran in came to a sudden end: it wanted more memory than there " ..
      "is, or something it must not do",
  failed = "the grader itself came to an end here; please tell whoever looks after the lab",
}

local unjudged = { broken = "the file is no Lua", unread = "the file cannot be read" }

-- Nobody may read the file, so no child will say anything.
function result.unread(r, why) r.unread = plain(why) end

-- A file there is nothing to judge in: no Lua, or not even a file.
local function refuse(r, state)
  r.state, r.message = state, unjudged[state] .. ": " .. r[state]
  for _, check in ipairs(r.checks) do check.outcome, check.message = "fail", r.message end
end

-- How the child ended.
function result.finish(r, how, seconds)
  local heard = r.heard
  how = heard.spoilt and "killed" or how == "done" and not heard.all and "failed" or how
  if r.broken or r.unread then
    refuse(r, r.broken and "broken" or "unread")
  elseif how == "done" then
    r.state = "done"
  else
    r.state, r.message = how, (ends[how] or ends.failed):format(seconds)
    local check = r.checks[math.max(heard.at, 1)]
    if check.message == NOT_JUDGED then check.message = r.message end
  end
  r.broken, r.unread, r.heard = nil, nil, nil
  add_up(r)
end

-- Is it the submission's own doing? What the grader or the machine was to blame for may come out
-- better another time.
function result.finished(r)
  if r.state == "unfinished" or r.state == "failed" then return false end
  for _, check in ipairs(r.state == "done" and r.checks or {}) do
    if check.outcome == "error" then return false end
  end
  return true
end

function result.full(r) return r.score == r.max end

return result
