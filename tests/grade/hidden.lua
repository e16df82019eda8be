-- Hidden variants show in nothing but whether they hold: the result of a right driver is the same
-- with none of them, and of one that is wrong for others alone no number of theirs is told.
--
-- usage: dmalab run tests/grade/hidden.lua

local grader = require "grade/grader"
local labs = require "grade/labs"
local result = require "grade/result"
local variant = require "grade/variant"

core.announce = nil

local WORDS = "the secret of the tests"
local passed, failed, failing = 0, 0, 0

local function claim(fine, words)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. words) end
end

local function written(words)
  local path = os.tmpname()
  local file = io.open(path, "w")
  file:write(words)
  file:close()
  return path
end

local secret = written(WORDS .. "\n")

local function graded(lab, path, hidden)
  local item = { student = "ada", path = path }
  lab.hidden = hidden
  grader.grade(lab, { item }, { secret_file = secret, seconds = 60 })
  item.result.key = nil                -- of all it depends on
  return item.result
end

for _, name in ipairs { "01", "04", "07" } do
  local lab = labs.load(name)
  local without = graded(lab, lab.folder .. "/solution.lua", 0)
  local with = graded(lab, lab.folder .. "/solution.lua", 2)
  claim(result.full(with), name .. ": the solution has not full marks")
  claim(core.json(without) == core.json(with), name .. ": hidden variants show in the result:\n" ..
      core.json(with))
end

-- Right for the lengths of its own messages alone.
local lab = labs.load("01")
local own = variant.values(lab, variant.seed(WORDS, lab.name, "ada", 0)).messages
local file = io.open(lab.folder .. "/solution.lua")
local narrow = written(("function narrow(n) return n == %d or n == %d end\n%s"):format(#own[1], #own[2],
    (file:read("a"):gsub("local n = #message", "local n = narrow(#message) and #message or 1"))))
file:close()
claim(result.full(graded(lab, narrow, 0)), "01: a narrow driver is wrong for its own numbers")
for _, check in ipairs(graded(lab, narrow, 2).checks) do
  if check.outcome ~= "pass" then
    claim(check.hidden and check.message:find("but not with others", 1, true), "01: " .. check.message)
    claim(not (check.moment or check.story or check.cost or check.machine or check.choices),
        "01: a number of a hidden variant is told")
    failing = failing + 1
  end
end
claim(failing > 0, "01: a narrow driver has full marks")
os.remove(narrow)
os.remove(secret)

print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
