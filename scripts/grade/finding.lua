-- What a child may say of a submission, and what of it is believed. A child plays a student's file: one
-- that has been taken over shall spoil no more than its own result. So each thing said has its turn,
-- its fields, and each field its type and range.
--
-- In this order: { begins = i }, then { check = i, outcome =, points =, ... }, for each check; at the
-- end what is of the whole. Or { broken = why } alone.

local finding = {}

local LONG = 16384             -- bytes of a text
local MANY = 1000              -- rows of a list
local FIELDS = 32              -- settings of a board

-- Each kind of value is a function: is it one?
local function text(value) return type(value) == "string" and #value <= LONG end
local function switch(value) return type(value) == "boolean" end
local function count(value) return math.type(value) == "integer" and value >= 0 end
local function number(value) return math.type(value) and value > -math.huge and value < math.huge end

local function setting(value) return text(value) or number(value) or switch(value) end

-- A table that has no other fields than these.
local function record(fields)
  return function(value)
    for key, inner in pairs(type(value) == "table" and value or { "none" }) do
      if not fields[key] or not fields[key](inner) then return false end
    end
    return true
  end
end

-- A record in which each of the fields is there.
local function whole(fields)
  local sound = record(fields)
  return function(value)
    if not sound(value) then return false end
    for key in pairs(fields) do
      if value[key] == nil then return false end
    end
    return true
  end
end

local function list(kind)
  return function(value)
    if type(value) ~= "table" or #value > MANY then return false end
    for key, inner in pairs(value) do
      if math.type(key) ~= "integer" or not kind(inner) then return false end
    end
    return true
  end
end

-- Settings of a board.
local function machine(value)
  local n = 0
  for key, inner in pairs(type(value) == "table" and value or {}) do
    n = n + 1
    if not text(key) or not setting(inner) then return false end
  end
  return n > 0 and n <= FIELDS
end

local outcomes = { pass = true, fail = true, error = true }
local function outcome(value) return outcomes[value] == true end

local beginning, refusal = whole { begins = count }, whole { broken = text }

local cost = whole { cycles = number, maintained = number }    -- a clock of 64 bits may wrap

local check = record { check = count, outcome = outcome, points = count, message = text, code = text,
    rule = text, board = text, hidden = switch, deviations = count, story = list(text),
    machine = machine, cost = cost,
    moment = list(whole { seq = count, text = text, here = switch }),
    choices = list(record { about = number, answer = count, event = count, question = count,
        what = text }) }

local ending = whole { printed = text, cost = cost, schedules = count,
    predictions = list(whole { question = text, board = text, said = text, truth = text,
        right = switch }) }

-- Points fit the outcome: all, fewer, none.
local function worth(said, most)
  if said.outcome == "pass" then return said.points == most end
  return said.points and said.points < (said.outcome == "fail" and math.max(most, 1) or 1)
end

-- May this be said now? heard: { at = the check that has begun, judged = how many have ended, all =
-- true when nothing more is to come }.
function finding.sound(said, heard, checks)
  if type(said) ~= "table" or heard.all then return false end
  local at, judged = heard.at, heard.judged
  if said.begins then
    return beginning(said) and at == judged and said.begins == at + 1 and checks[at + 1] ~= nil
  elseif said.check then
    return check(said) and at == judged + 1 and said.check == at and worth(said, checks[at].max)
  end
  return at == 0 and refusal(said) or judged == #checks and ending(said)
end

return finding
