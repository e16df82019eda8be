-- Hostile submissions, graded on the first lab: each ends in a scored, explained result within its
-- limit, earns nothing, and harms nobody: right drivers are graded among them. A file says in its
-- first lines what it tries, and what must come of it:
--
--   -- comes to: STATE POINTS, words of the result       -- made by: EXPRESSION for the whole source
--
-- usage: dmalab run tests/attacks/run.lua [table] [NAME]

local grader = require "grade/grader"
local labs = require "grade/labs"
local text = require "grade/formats/text"

core.announce = nil

local FOLDER, SECONDS = "tests/attacks", 3
local shown = arg[1] == "table"
local only = arg[shown and 2 or 1]
local passed, failed = 0, 0
local lab = labs.load("tests/attacks/lab")

local function claim(fine, words)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. words) end
end

local function written(words)
  local path = os.tmpname()
  local file = io.open(path, "wb")
  file:write(words)
  file:close()
  return path
end

-- The head of an attack's file, as an item of work.
local function attack(name)
  local path = FOLDER .. "/" .. name
  local file = io.open(path)
  local head = file:read("a")
  file:close()
  local state, points, words = head:match("\n%-%- comes to: (%a+) (%d+),? ?([^\n]*)")
  local made = head:match("\n%-%- made by: ([^\n]*)")
  local item = { student = name, path = path, state = state, points = math.tointeger(points),
      words = words, tries = head:match("^%-%- (.-)\n%-%- comes to"):gsub("\n%-%- ", " ") }
  if made then
    item.made = written(core.compile("return " .. made)())
    item.path = item.made
  end
  return item
end

local function attacks()
  local list, names = {}, core.files(FOLDER)
  table.sort(names)
  for _, name in ipairs(names) do
    if name:find("%.lua$") and name ~= "run.lua" and name ~= "fuzz.lua" and
       (not only or name == only .. ".lua") then
      list[#list + 1] = attack(name)
      if #list % 4 == 3 then
        list[#list + 1] = { student = "solution", path = lab.folder .. "/solution.lua",
            state = "done", points = 10, words = "", tries = "the solution, among them" }
      end
    end
  end
  return list
end

local secret = written("the secret of the tests\n")

local function graded(list)
  for _, item in ipairs(list) do item.ended, item.began = nil, nil end
  grader.grade(lab, list, { secret_file = secret, jobs = core.cores(), seconds = SECONDS,
      changed = function(item) item.began = item.began or core.seconds() end,
      ended = function(item) item.ended = core.seconds() end })
end

-- Every word of a result.
local function all_words(r)
  local words = { r.message or "", r.printed or "" }
  for _, check in ipairs(r.checks) do words[#words + 1] = check.message or "" end
  return table.concat(words, "\n")
end

local function check_result(item)
  local r, sum = item.result, 0
  local words = all_words(r)
  local function that(fine, what) claim(fine, item.student .. ": " .. what .. "\n" .. words) end
  for _, check in ipairs(r.checks) do
    sum = sum + check.points
    that(check.outcome == "pass" or #(check.message or "") > 0, "a check is not explained")
    that(r.state ~= "done" or check.outcome ~= "error", "a check was not judged")
  end
  that(r.state == item.state, "it is " .. r.state)
  that(r.score == item.points and sum == r.score, "it has " .. r.score .. " points")
  that(words:gsub("%s+", " "):find(item.words, 1, true), "the words are not: " .. item.words)
  that(not words:find("/scripts/", 1, true), "a path is told")
  that(not text.write(r):find("[\0-\8\11-\31\127]"), "a terminal would obey")
  that(not text.write(r):find("was switched on"), "a moment begins before the driver")
  that(not text.write(r):find("\xc2[\x80-\x9f]"), "a terminal would obey")
  that(item.ended - item.began < 3 * SECONDS + 1, "it took " .. item.ended - item.began .. " s")
end

local function first_words(item)
  local words = item.result.message or item.result.checks[1].message or ""
  return (words:gsub("\n.*", "")):sub(1, 46)
end

local function row(item)
  print(("%-15s %-7s %2d/10 %5.2f s  %s"):format(item.student:gsub("%.lua$", ""), item.result.state,
      item.result.score, item.ended - item.began, first_words(item)))
end

local list = attacks()
local began = core.seconds()
graded(list)
for _, item in ipairs(list) do
  check_result(item)
  if shown then row(item) end
end

-- Once more, those that did not need the clock: the same bytes.
local again, before = {}, {}
for _, item in ipairs(list) do
  if item.state ~= "late" and item.ended - item.began < 0.5 then
    again[#again + 1] = item
    before[item] = core.json(item.result)
  end
end
graded(again)
for _, item in ipairs(again) do
  claim(core.json(item.result) == before[item], item.student .. ": its result is another each time")
end

for _, item in ipairs(list) do
  if item.made then os.remove(item.made) end
end
os.remove(secret)
if shown then print(("%d attacks in %.1f s"):format(#list, core.seconds() - began)) end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
