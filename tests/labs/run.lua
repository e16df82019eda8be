-- Every lab: its solution has full marks with the numbers of every student, each wrong file fails by
-- what it says, the start fails kindly; and what the labs cover.
--
-- usage: dmalab run tests/labs/run.lua [LAB or ""] [students, 20]

local grader = require "grade/grader"
local labs = require "grade/labs"
local result = require "grade/result"

core.announce = nil

local only, students = arg[1] or "", math.tointeger(tonumber(arg[2])) or 20
local passed, failed = 0, 0

local function claim(fine, words)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. words) end
end

local secret = os.tmpname()
local file = io.open(secret, "w")
file:write("the secret of the tests\n")
file:close()

-- The results of one file for so many students.
local function graded(lab, name, count)
  local work = {}
  for i = 1, count do
    work[i] = { student = "student " .. i, path = lab.folder .. "/" .. name }
  end
  grader.grade(lab, work, { secret_file = secret, jobs = core.cores(), seconds = 120 })
  return work
end

-- The first check that is not passed, in words.
local function trouble(r)
  for _, check in ipairs(r.checks) do
    if check.outcome ~= "pass" then
      return ("check %d: %s %s"):format(check.number, check.message or "", check.rule or "")
    end
  end
  return r.message or "?"
end

local function solution(lab)
  for _, item in ipairs(graded(lab, "solution.lua", students)) do
    claim(result.full(item.result), ("%s: the solution of %s has %d of %d points: %s"):format(
        lab.name, item.student, item.result.score, item.result.max, trouble(item.result)))
  end
end

-- { number, words } of each line "-- fails N: words" a wrong file begins with.
local function promised(lab, name)
  local list = {}
  for line in io.lines(lab.folder .. "/" .. name) do
    local number, words = line:match("^%-%- fails (%d+): (.+)$")
    if not number then break end
    list[#list + 1] = { math.tointeger(tonumber(number)), words }
  end
  return list
end

local function fails_by(r, number, words)
  local check = r.checks[number]
  return check and check.outcome == "fail" and
      ((check.message or "") .. " " .. (check.rule or "")):gsub("%s+", " "):find(words, 1, true)
end

local function wrong(lab, name)
  local promises = promised(lab, name)
  claim(#promises > 0, lab.name .. "/" .. name .. " does not say what fails")
  for _, item in ipairs(graded(lab, name, math.min(students, 3))) do
    for _, promise in ipairs(promises) do
      claim(fails_by(item.result, promise[1], promise[2]),
          ("%s/%s: check %d does not fail by %q; %s"):format(lab.name, name, promise[1], promise[2],
              trouble(item.result)))
    end
  end
end

-- The start is no solution, and what is said of it is no accident of the grader.
local function start(lab)
  local r = graded(lab, "start.lua", 1)[1].result
  claim(not result.full(r), lab.name .. ": the start has full marks")
  claim(r.state == "done", lab.name .. ": the start is " .. r.state)
  for _, check in ipairs(r.checks) do
    claim(check.outcome ~= "error" and not (check.message or ""):find("scripts/", 1, true),
        ("%s: of the start is said: %s"):format(lab.name, check.message))
  end
end

local covered = {}

local function note(lab)
  for _, list in ipairs { lab.teaches, lab.slides } do
    for _, what in ipairs(list) do
      covered[what] = (covered[what] and covered[what] .. ", " or "") .. lab.name:sub(1, 2)
    end
  end
end

for _, name in ipairs(labs.names()) do
  local lab = labs.load(name)
  note(lab)
  if only == "" or name:sub(1, #only) == only then
    local wrongs = 0
    solution(lab)
    for _, entry in ipairs(core.files(lab.folder)) do
      if entry:find("^wrong%-.*%.lua$") then
        wrong(lab, entry)
        wrongs = wrongs + 1
      end
    end
    claim(wrongs >= 2, lab.name .. " has fewer than two wrong files")
    claim(#lab.hints == 3, lab.name .. " has not three hints")
    start(lab)
  end
end
os.remove(secret)

-- Titles of the slides, without those that only divide.
local slides = { "Constraints with a DMA", "DMA memory constraints", "Reserving memory for DMA",
    "Memory synchronization issues", "Linux DMA API", "Coherent or streaming DMA mappings",
    "Allocating coherent mappings", "Setting up streaming mappings", "DMA streaming mapping notes",
    "DMA summary" }

if only == "" then
  for i = 1, 30 do slides[#slides + 1] = ("M%02d"):format(i) end
  for _, what in ipairs(slides) do
    print(("%-36s %s"):format(what, covered[what] or "-"))
    claim(covered[what], "no lab teaches " .. what)
  end
end

print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
