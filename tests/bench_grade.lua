-- How fast submissions are graded: a part of `make bench`. A submission here is the solution of a lab
-- on one board, judged on two hundred schedules.
--
-- usage: dmalab run tests/bench_grade.lua [LAB] [submissions]

local grader = require "grade/grader"
local labs = require "grade/labs"

core.announce = nil

local SCHEDULES = 200
local name, count = arg[1] or "03", math.tointeger(tonumber(arg[2])) or 1000

local lab = labs.load(name)
lab.boards, lab.bound, lab.runs = { "arm64" }, 4, SCHEDULES

local function work(n)
  local list = {}
  for i = 1, n do
    list[i] = { student = "student " .. i, path = lab.folder .. "/solution.lua" }
  end
  return list
end

-- Seconds for n submissions, so many at a time.
local function seconds(n, jobs)
  local list, began = work(n), core.seconds()
  grader.grade(lab, list, { jobs = jobs })
  for _, item in ipairs(list) do
    assert(item.result.state == "done", item.result.message)
  end
  return core.seconds() - began, list[1].result.schedules
end

-- A child that does nothing, confined as those are that judge.
local function start_up(n)
  local began = core.seconds()
  for _ = 1, n do
    core.child(function() end, { seconds = 10, memory = 256 << 20, file = 0 })
    while core.child_next() do end
  end
  return (core.seconds() - began) / n
end

-- KiB that a child has for itself when it has judged.
local function own_memory()
  local list = work(1)
  local judge = require "grade/judge"
  local variant = require "grade/variant"
  judge.prepare(lab)
  local values = variant.values(lab, variant.seed("", lab.name, "", 0))
  core.child(function()
    judge.submission(lab, grader.source(list[1].path), { { values = values } }, nil, function() end)
    local own = 0
    for line in io.lines("/proc/self/smaps_rollup") do
      own = own + (math.tointeger(tonumber(line:match("^Private_%a+: +(%d+) kB"))) or 0)
    end
    core.say(tostring(own))
  end)
  local _, _, said = core.child_next()
  while core.child_next() do end
  return said
end

print(("grading: lab %s, one core for each child, %d schedules a search"):format(lab.name, SCHEDULES))
print(("  a child that does nothing, from fork to end   %6.2f ms"):format(start_up(200) * 1000))
print(("  memory of its own when it has judged          %6s KiB"):format(own_memory()))
local one, schedules = seconds(count // 4, 1)
print(("  one core     %7.1f submissions/s (%d schedules each)"):format(count // 4 / one, schedules))
local two = seconds(count // 4, 2)
print(("  two cores    %7.1f submissions/s  (aim 100)   %.2f times as many"):format(
    count // 4 / two, one / two))
print(("  a class of %d, %d at a time: %.1f s"):format(count, core.cores(), (seconds(count, core.cores()))))
