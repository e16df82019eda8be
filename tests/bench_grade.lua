-- How fast submissions are graded: a part of `make bench`. A submission is the solution of a lab,
-- each with the numbers of another student, judged by all checks; on one board more than the lab
-- has and to three deviations, so that it plays about two hundred schedules.
--
-- usage: dmalab run tests/bench_grade.lua [submissions [seconds]]
-- seconds: what booting a kernel once costs (boot.sh), to set beside it.

local grader = require "grade/grader"
local judge = require "grade/judge"
local labs = require "grade/labs"
local variant = require "grade/variant"

core.announce = nil

local count, boot = math.tointeger(tonumber(arg[1])) or 1000, tonumber(arg[2])

local lab = labs.load("03")
lab.boards[#lab.boards + 1] = "mips"
lab.bound = 3

local function work(n)
  local list = {}
  for i = 1, n do
    list[i] = { student = "student " .. i, path = lab.folder .. "/solution.lua" }
  end
  return list
end

-- Seconds of the processor that this process and its children that ended have used; the clock is of
-- no use where others work as well. Linux: fields 14 to 17 of the line, in 1/100 s (proc(5)).
local function processor()
  local file = io.open("/proc/self/stat")
  local line = file and file:read("a") or ""
  if file then file:close() end
  local sum, at = 0, 2
  for field in line:gsub("^.*%)", ""):gmatch("%S+") do
    at = at + 1
    if at >= 14 and at <= 17 then sum = sum + tonumber(field) end
  end
  return sum / 100
end

-- For n submissions, so many at a time: seconds, those of the processor, and how many schedules one
-- plays, all in all.
local function graded(n, jobs)
  local list, began, before, schedules = work(n), core.seconds(), processor(), 0
  grader.grade(lab, list, { jobs = jobs })
  local took, used = core.seconds() - began, processor() - before
  for _, item in ipairs(list) do
    assert(item.result.state == "done", item.result.message)
    schedules = schedules + item.result.schedules
  end
  return took, used, schedules // n
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

-- KiB that a child has for itself when it has judged, and milliseconds of its judging alone, the
-- second time, in the same process.
local function judged()
  local source = grader.source(work(1)[1].path)
  local values = variant.values(lab, variant.seed("", lab.name, "student 1", 0))
  local function judge_once()
    judge.submission(lab, source, { { values = values } }, nil, function() end)
  end
  judge.prepare(lab)
  core.child(function()
    judge_once()
    local own = 0
    for line in io.lines("/proc/self/smaps_rollup") do
      own = own + (math.tointeger(tonumber(line:match("^Private_%a+: +(%d+) kB"))) or 0)
    end
    local began = core.seconds()
    judge_once()
    core.say(("%d %f"):format(own, (core.seconds() - began) * 1000))
  end)
  local _, _, said = core.child_next()
  while core.child_next() do end
  return said:match("(%S+) (%S+)")
end

local function show(what, value, unit) print(("  %-46s%8.2f %s"):format(what, value, unit)) end

local cores, some = core.cores(), count // 4
local own, warm = judged()
local one, used, schedules = graded(some, 1)
local two, class = graded(some, 2), graded(count, cores)
print(("grading: lab %s, %d schedules a submission, all checks"):format(lab.name, schedules))
show("a child that does nothing, from fork to end", start_up(200) * 1000, "ms")
show("judging alone, in a process that has judged", warm, "ms")
show("a submission, all in all: processor", used / some * 1000, "ms")
show("memory of its own when it has judged", own, "KiB")
show("one core", some / one, "submissions/s")
show("two cores", some / two, "submissions/s  (aim 100)")
show(("a class of %d, %d at a time"):format(count, cores), class, "s")
if boot then
  local booted = count * boot / cores
  show("the same with a kernel booted for each", booted, "s")
  show("times as long", booted / class, "")
end
