-- Mistakes in a grade.lua: each is named before anything is graded, and what goes wrong in play() is
-- no driver's fault.
--
-- usage: dmalab run tests/grade/declared.lua

local grader = require "grade/grader"
local labs = require "grade/labs"

core.announce = nil

local FOLDER = "tests/attacks/lab"
local passed, failed = 0, 0

local function claim(fine, words)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. words) end
end

local function written(path, words)
  local file = assert(io.open(path, "w"))
  file:write(words)
  file:close()
end

local right = core.plain_file(FOLDER .. "/grade.lua", 1 << 20)
local room = os.tmpname()
os.remove(room)
assert(core.make_folder(room))

-- The lab of the attacks with `old` replaced, all of it as it stands there.
local function changed(old, new)
  local first, last = right:find(old, 1, true)
  written(room .. "/grade.lua", right:sub(1, first - 1) .. new .. right:sub(last + 1))
end

local mistakes = {
  { "return {", "local _ = {", "has to return a table" },
  { "title = ", "titel = ", "title has to be a string" },
  { "hints = {", "hits = {}, hints = {", "nobody reads hits" },
  { '"M05" }', '"M99" }', "there is no misconception M99" },
  { '"a", "b"', '"a"', "hints has to have 3" },
  { '{ "arm64", "x86" }', "{}", "boards is empty" },
  { "checks = {", "checks = {}, predicts = {", "checks is empty" },
  { '= "rules"', '= "ruels"', "check 3: there is no property ruels" },
  { "points = 3", "points = 0.5", "check 2: it needs a title, and points" },
  { "points = 3", "points = -3", "check 2: it needs a title, and points" },
  { '= "rules"', '= "cheap"', "check 3: cheap wants a function budget" },
  { '= "rules"', '= { "rules", boards = { "mips" } }', "check 3: mips is not among the boards" },
  { "play = ", "play == ", "grade.lua:" },
}

for _, mistake in ipairs(mistakes) do
  changed(mistake[1], mistake[2])
  local fine, why = pcall(labs.load, room)
  claim(not fine and why:find(mistake[3], 1, true), mistake[2] .. " is answered " .. tostring(why))
end

local function graded()
  local item = { student = "s", path = FOLDER .. "/solution.lua" }
  grader.grade(labs.load(room), { item }, {})
  return item.result
end

for _, slip in ipairs { "expct(", "expect(1, {}, " } do
  changed("expect(", slip)
  local check = graded().checks[1]
  claim(check.message:find("the lab could not go on", 1, true), slip .. " is the driver's fault")
  claim(not check.code, slip .. " tells of a belief")
  claim(not check.message:find(room, 1, true), slip .. " tells where the lab lies")
end
changed("return {", "return {")
claim(graded().score == 10, "what is right is taken for wrong")

os.remove(room .. "/grade.lua")
os.remove(room)
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
