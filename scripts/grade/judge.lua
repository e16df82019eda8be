-- Judges one submission. This runs in a child of the grader: the student's file in a Lua state of
-- its own (student.lua), the lab's play() here, both on the same machine. What is found is said, a
-- check at a time, so that it is with the parent whatever happens next.
--
-- Nothing can be loaded any more where this runs, so everything is required here.

require "api"                  -- the calls made in Lua

local explore = require "explore"
local labs = require "grade/labs"
local properties = require "grade/properties"
local session = require "session"
local settings = require "settings"
local text = require "text"
local variant = require "grade/variant"
local why = require "why"

local judge = {}

judge.STEPS = 2000000          -- instructions of Lua in one run
judge.MEMORY = 64 << 20        -- bytes of the student's Lua
local BOUND, RUNS = 2, 3000    -- of a search, where the lab says nothing
local CHANCE = 8               -- bytes: fewer than these may be alike by chance

-- One run --------------------------------------------------------------------------------------

local run = {}                 -- what is known of the run that is played
local STOP = "the run ends: what it came to does not count here"

-- Something of this kind is not as it should be; it breaks the run if that counts. An error always
-- ends it, for what comes behind has nothing to stand on.
local function fail(kind, message)
  if run.counts[kind] then
    run.failure = { kind = kind, message = message }
    error(message, 0)
  elseif kind == "error" then
    error(STOP, 0)
  end
end

local function shown(value)
  if type(value) == "string" then
    if value:find("^\0+$") then return text.count(#value, "byte") .. ", all 0x00" end
    return ("%q"):format(#value > 24 and value:sub(1, 24) .. "..." or value):gsub("\\\n", "\\n")
  end
  if math.type(value) == "integer" and not (-4096 < value and value < 4096) then    -- an address
    return ("0x%x"):format(value)
  end
  return type(value) == "table" and "a table" or tostring(value)
end

-- How the two differ. Strings that begin alike differ further on: that many bytes are right.
local function difference(got, want)
  local same = 0
  if type(got) == "string" and type(want) == "string" then
    while same < #want and got:byte(same + 1) == want:byte(same + 1) do same = same + 1 end
  end
  if same < CHANCE then return (" is %s, not %s"):format(shown(got), shown(want)) end
  return (" is right for %d bytes, then comes %s, not %s"):format(same, shown(got:sub(same + 1)),
      shown(want:sub(same + 1)))
end

-- Words of grade.lua ---------------------------------------------------------------------------

-- The student's data has to be this; `what` names it: "what the device read". A check may look at
-- some of it alone.
function labs.words.expect(got, want, what)
  if type(want) == "table" or type(what) ~= "string" then
    error("expect(got, want, what): want is no table, what names it in words", 2)
  end
  if got ~= want and not (run.of and not what:find(run.of, 1, true)) then
    fail("wrong", what .. difference(got, want))
  end
  run.behind = select(2, core.trace())
end

-- The truth behind a question of predict(). From here on it is too late to predict it.
function labs.words.reveal(question, truth) run.revealed[question] = truth end

local function predict(question, answer)
  if type(question) ~= "string" or answer == nil then
    fail("error", 'predict wants a question and an answer: predict("what is asked", 0x20)')
  end
  if run.revealed[question] == nil and run.predicted[question] == nil then
    run.predicted[question] = answer
  end
end

-- Those made in time, by question, added to a list: the truth is told to whoever has predicted it.
local function add_predictions(all, board, predicted, revealed)
  local list = {}
  for question, said in pairs(predicted) do
    local truth = revealed[question]
    if truth ~= nil then list[#list + 1] = { question = question, board = board,
        said = shown(said), truth = shown(truth), right = said == truth } end
  end
  table.sort(list, function(a, b) return a.question < b.question end)
  return table.move(list, 1, #list, #all + 1, all)
end

-- Who plays the student's file: the state of its own, which counts its steps. once() has another.
local confined = { reset = function() return core.student_reset(judge.STEPS) end,
    call = core.student_call }

-- student.NAME(...) calls the student's function of that name.
local student = setmetatable({}, { __index = function(_, name)
  return function(...)
    local answer = table.pack(run.driver.call(name, ...))
    if not answer[1] then fail("error", answer[2]) end
    return table.unpack(answer, 2, answer.n)
  end
end })

-- A case: one board with one variant ------------------------------------------------------------

local case = {}
case.__index = case

function case.shown(_, value) return shown(value) end

local words_of_held = { "mapping", "kmalloc block", "page", "ioremap window",
    "claimed region", "DMA pool", "interrupt handler" }

local function check_held(before)
  if not run.counts.left then return end
  local now, left = { core.held() }, {}
  for i, word in ipairs(words_of_held) do
    if now[i] > before[i] then left[#left + 1] = text.count(now[i] - before[i], word) end
  end
  if #left > 0 then fail("left", "left behind: " .. table.concat(left, ", ")) end
end

local function play_once(self)
  run.revealed, run.predicted, run.failure, run.behind = {}, {}, nil, 0
  run.began = select(2, core.trace())
  run.given = self.lab.gives and self.lab.gives(self.values) or {}
  local before = { core.held() }
  run.driver = self.driver or confined
  local fine, message = run.driver.reset()
  if not fine then fail("error", message) end
  self.lab.play(student, self.values)
  check_held(before)
end

-- What explore plays.
local function play(self)
  return function()
    local fine, message = pcall(play_once, self)
    if not fine and message ~= STOP then error(message, 0) end
  end
end

local function options_of(self, options, rules)
  return { bound = options.bound or self.lab.bound or BOUND, runs = options.runs or self.lab.runs
      or RUNS, samples = 0, jobs = 1, shows = false, rules = rules }
end

-- The first rule that broke in the step that went wrong, else in all of the run.
local function first_error()
  local first
  for _, v in ipairs(core.violations()) do
    if v.severity == "error" then
      if v.seq >= run.behind then return v end
      first = first or v
    end
  end
  return first
end

-- The moment of a failure: three events before, the event, three behind. How the machine was switched
-- on is no part of it.
local function moment(broken)
  local first, next_event = core.trace()
  local at = broken and broken.seq or next_event - 1
  local lines = {}
  for seq = math.max(first, run.began, at - 3), math.min(next_event - 1, at + 3) do
    local e = core.event(seq)
    if e then lines[#lines + 1] = { seq = seq, here = seq == at, text = why.event(seq, e) } end
  end
  return lines
end

local OF_LAB = "the lab could not go on with what was answered; if that is what it asks for, " ..
    "the lab is wrong: tell whoever looks after it\n"

-- What went wrong in the run whose trace is still here. A rule that broke on the way to wrong data
-- says why; an error of the file says where, and the moment would add nothing. Such a slip tells
-- nothing of what its author believes.
local function failure_of(r)
  local broken = first_error()
  local message = run.failure and run.failure.message or r.story[#r.story]
  local of_lab = not run.failure and message:find("^[^\n]-/grade%.lua:%d+: ")
  if of_lab then message = OF_LAB .. message end
  if run.failure and broken then message = message .. "\n" .. why.in_short(broken) end
  local slip = of_lab or not broken and run.failure and run.failure.kind == "error"
  return { run = r, kind = run.failure and run.failure.kind, message = message,
      moment = not slip and moment(broken) or nil, slip = slip, rule = broken and broken.rule,
      code = broken and broken.misconception ~= "" and broken.misconception or nil }
end

-- The first failure there is, where somebody wants it.
function case:record(record)
  if not self.keep or judge.recorded then return end
  judge.recorded = true
  record(self.keep)
end

-- What breaks it, or nil. `counts`: the failures that do.
function case:explore(counts, options, rules)
  run.counts, run.of = counts, options.of
  settings.power_on(self.board)
  local failure
  local o = options_of(self, options, counts.rule and rules)
  o.told = function(r, record)
    failure = failure_of(r)
    self:record(record)
  end
  if not counts.rule then o.rules = false end
  local r = explore.explore(play(self), o)
  if not self.hidden then judge.schedules = judge.schedules + r.runs end
  return failure
end

-- For a property: a search its own failures alone can break. One that no failure at all broke need
-- not be searched again.
function case:search(options, rules)
  local property = properties[options[1]]
  if not rules and self:holds_whole(options) then return nil end
  return self:explore(property.counts, options, rules)
end

-- Does every check hold, on every schedule? Asked once.
function case:holds_whole(options)
  if options.bound then return false end
  if self.whole == nil then self.whole = not self:explore(self.lab.counts, {}) end
  return self.whole
end

-- The run in which nature does nothing, with its cost and predictions; `failure` where it goes wrong.
function case:calm()
  if self.known then return self.known end
  -- A run that waits for ever ends at once, also here: what it leaves has to be there before.
  local known = { cost = { cycles = 0, maintained = 0 }, printed = "", predicted = {}, revealed = {} }
  run.counts, run.of = { error = true, wrong = true }, nil
  settings.power_on(self.board)
  local played = play(self)
  local r = explore.explore(function()
    local began, first = cycles(), select(2, core.trace())
    local fine, message = pcall(played)
    known.cost = { cycles = cycles() - began, maintained = core.maintained(first) }
    known.predicted, known.revealed = run.predicted, run.revealed
    known.printed = core.student_said()
    if not fine then error(message, 0) end
  end, { bound = 0, samples = 0, jobs = 1, shows = false, rules = false,
      told = function(r, record)
        known.failure = failure_of(r)
        self:record(record)
      end })
  if r.verdict == "stopped" then known.failure = { message = "it was stopped" } end
  self.known = known
  return known
end

-- Checks -----------------------------------------------------------------------------------------

-- What a case says of a check: nothing, or a failure.
local function judge_case(self, check)
  local property = properties[check.property]
  local calm = property.needs_right and self:calm()
  if calm and calm.failure then
    return { message = "judged as soon as the driver does its work when all is calm", slip = true,
        code = calm.failure.code }
  end
  return property.judge(self, check.options)
end

local function outcome_of(check, failure, self)
  if not failure then return { outcome = "pass", points = check.points, cost = self and
      self.known and self.known.cost } end
  local part = failure.part or 0
  return { outcome = "fail", points = math.floor(check.points * part), message = failure.message,
      moment = failure.moment, board = self.board.board, hidden = self.hidden,
      rule = failure.rule, code = failure.code or not failure.slip and check.code or nil,
      deviations = failure.run and failure.run.deviations,
      story = failure.run and table.move(failure.run.story, 1, #failure.run.story, 1, {}),
      choices = failure.run and failure.run.choices, machine = self.board,
      cost = self.known and self.known.cost }
end

-- What a hidden variant is must not be told: only that there is one.
local function veiled(found)
  if not found.hidden then return found end
  return { outcome = found.outcome, points = found.points, hidden = true, board = found.board,
      message = "right with your own numbers, but not with others: sizes, offsets and addresses " ..
          "may be any the lab allows" }
end

local function has_board(check, board)
  local boards = check.options.boards
  if not boards then return true end
  for _, name in ipairs(boards) do
    if name == board then return true end
  end
  return false
end

-- What is told of a check that holds is of the first case, which is no hidden one.
local function judge_check(cases, check)
  local first
  for _, c in ipairs(cases) do
    if has_board(check, c.board.board) then
      first = first or c
      local fine, failure = pcall(judge_case, c, check)
      if not fine then return { outcome = "error", points = 0, message = failure } end
      if failure then return veiled(outcome_of(check, failure, c)) end
    end
  end
  return outcome_of(check, nil, first)
end

local function cases_of(lab, variants, keep)
  local cases = {}
  for _, v in ipairs(variants) do
    for _, board in ipairs(lab.boards) do
      local wanted = type(board) == "table" and board or { board = board }
      cases[#cases + 1] = setmetatable({ lab = lab, values = v.values, hidden = v.hidden,
          board = wanted, keep = not v.hidden and keep }, case)
    end
  end
  return cases
end

-- All that counts in any check.
local function all_counts(lab)
  local counts = {}
  for _, check in ipairs(lab.checks) do
    for kind in pairs(properties[check.property].counts) do counts[kind] = true end
  end
  return counts
end

-- A function of gives as the student calls it. Its errors are about what it was given; the place in
-- the lab's file would tell the student nothing.
local function given(name)
  return function(...)
    local answer = table.pack(pcall(run.given[name], ...))
    if answer[1] then return table.unpack(answer, 2, answer.n) end
    local message = answer[2]
    local about = type(message) == "string" and message:match("^.-grade%.lua:%d+: (.*)$")
    if about then fail("error", name .. ": " .. about) end
    error(message, 0)
  end
end

-- Where they were asked for, and on no hidden variant.
local function open_predictions(cases)
  local list = {}
  for _, c in ipairs(cases) do
    local known = c.known
    if known and not c.hidden then
      add_predictions(list, c.board.board, known.predicted, known.revealed)
    end
  end
  return list
end

-- Before the fork: the student's state with nothing of a student in it, and the tables that are made
-- when somebody asks for them first, so that no child has to.
function judge.prepare(lab)
  assert(core.rules and core.settings)
  lab.counts = all_counts(lab)
  for _, board in ipairs(lab.boards) do
    settings.keep(type(board) == "table" and board.board or board)
  end
  core.student_open(judge.MEMORY)
  core.student_give("predict", predict)
  for name in pairs(lab.gives and lab.gives(variant.values(lab, variant.seed("", lab.name, "", 0)))
      or {}) do
    core.student_give(name, given(name))
  end
end

-- In the child. say(table) is heard by the parent.
function judge.submission(lab, source, variants, keep, say)
  judge.recorded, judge.schedules = false, 0
  core.announce = nil
  session.put_back(session.known)      -- a prompt's variables would give addresses their names
  local fine, message = core.student_load(source, "driver.lua")
  if not fine then
    say { broken = message }
    return
  end
  local cases = cases_of(lab, variants, keep)
  for i, check in ipairs(lab.checks) do
    say { begins = i }
    local found = judge_check(cases, check)
    found.check = i
    say(found)
  end
  local calm = cases[1]:calm()
  say { printed = calm.printed, cost = calm.cost, schedules = judge.schedules,
      predictions = open_predictions(cases) }
end

-- By hand ----------------------------------------------------------------------------------------

-- What a file may call beside the driver API while it is played: a function, or nil.
function judge.given(name)
  if name == "predict" then return predict end
  return run.given and run.given[name] and given(name)
end

-- One run on the machine as it is, a `board`, for somebody who looks on. driver: reset() and
-- call(name, ...), which answer as those of the student's state do. What went wrong, as { kind =,
-- message = } or nil, and the predictions.
function judge.once(lab, values, board, driver)
  run.counts = { error = true, wrong = true, left = true }
  local fine, message = pcall(play_once, { lab = lab, values = values, driver = driver })
  return run.failure or (not fine and { kind = "error", message = message }) or nil,
      add_predictions({}, board, run.predicted, run.revealed)
end

return judge
