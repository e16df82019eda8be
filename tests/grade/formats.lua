-- Every format of a result, for results of which the words are as bad as can be: each is what its
-- platform reads, and the points in it are those of the result.
--
-- usage: dmalab run tests/grade/formats.lua

local labs = require "grade/labs"
local result = require "grade/result"

local passed, failed = 0, 0

local function claim(fine, words)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. words) end
end

local lab = labs.load("01")

local bad = "a \"b\" 'c' <d> & ]]> # e \\ f\n\tg\27[31m\0\8\127 ... \xff\xc0 " ..
    "</failure></script> ok 2 - # TODO\n1..0\nBail out!\n---\n{\"scores\":{}}"
local good = "plain — with ümlauts, 名 and \u{1F600} \u{FFFF} # < & \" ]]>"

-- A result in which check i has outcome[i].
local function made(words, outcomes, how)
  local r = result.new(lab, "s\27\"<&", "0123456789abcdef")
  r.checks[1].title = "<1> # TODO \\ & \"all\" ]]>"
  for i, check in ipairs(r.checks) do
    local outcome = outcomes[i] or outcomes[#outcomes]
    result.hear(r, { begins = i })
    result.hear(r, { check = i, outcome = outcome, points = outcome == "pass" and check.max or 0,
        message = outcome ~= "pass" and words or nil, board = "arm64", deviations = 1,
        story = { words, words }, code = "M01",
        moment = { { seq = 1, here = true, text = words } } })
  end
  result.hear(r, { printed = words, schedules = 9, cost = { cycles = 5, maintained = 64 },
      predictions = {} })
  result.finish(r, how or "done", 20)
  return r
end

local cases = {
  { "bad words", made(bad, { "fail" }) }, { "good words", made(good, { "pass", "fail", "error" }) },
  { "full marks", made(bad, { "pass" }) }, { "out of time", made(bad, { "pass", "fail" }, "late") },
}
local broken = result.new(lab, "x", "0123456789abcdef")
result.hear(broken, { broken = bad })
result.finish(broken, "done", 20)
cases[#cases + 1] = { "no Lua", broken }

local function format(name) return require("grade/formats/" .. name) end

local function json(text, where)
  local value = core.from_json(text)
  claim(type(value) == "table", where .. " is no JSON")
  claim(utf8.len(text), where .. " is no UTF-8")
  claim(not text:find("[\0-\8\11-\31\127]"), where .. " has control bytes")
  return value or {}
end

local function sum(list, field)
  local n = 0
  for _, row in ipairs(list or {}) do n = n + (row[field] or 0) end
  return n
end

local function integers(list, field, where)
  for _, row in ipairs(list) do
    claim(math.type(row[field]) == "integer", where .. ": " .. field .. " is no integer")
  end
end

local share = function(r) return r.score / r.max end

local checks = {}

function checks.json(text, r, where)
  local v = json(text, where)
  claim(v.score == r.score and sum(v.checks, "points") == r.score, where .. ": the points differ")
end

function checks.gradescope(text, r, where)
  local v = json(text, where)
  claim(v.score == r.score and sum(v.tests, "score") == r.score, where .. ": the points differ")
  claim(sum(v.tests, "max_score") == r.max, where .. ": max_score differs")
  claim(v.stdout_visibility == "hidden", where .. ": stdout is shown")
  integers(v.tests, "score", where)
  for i, test in ipairs(v.tests) do
    claim(test.status == (r.checks[i].outcome == "pass" and "passed" or "failed"), where .. ": status")
    claim(test.visibility == "visible", where .. ": visibility")
    claim(test.tags[1] == r.checks[i].code, where .. ": tags")
  end
end

function checks.prairielearn(text, r, where)
  local v = json(text, where)
  if r.state == "broken" then
    claim(v.gradable == false and #v.format_errors == 1 and v.score == nil, where .. ": is gradable")
    return
  end
  claim(v.gradable and v.score == share(r) and sum(v.tests, "points") == r.score, where .. ": points")
  claim(sum(v.tests, "max_points") == r.max, where .. ": max_points")
end

function checks.coderunner(text, r, where)
  local v = json(text, where)
  claim(not text:find("\n."), where .. " is more than one line")
  claim(v.fraction == share(r) and #v.testresults == #r.checks + 1, where .. ": fraction, rows")
  claim(v.testresults[1][1] == "iscorrect" and v.testresults[1][5] == "ishidden", where .. ": head")
  claim(#v.columnformats == 3, where .. ": a format for each ordinary column")
  claim(not v.epiloguehtml:gsub("</?p>", ""):find("[<>]"), where .. ": epiloguehtml is not escaped")
  for i, check in ipairs(r.checks) do
    claim(v.testresults[i + 1][1] == (check.outcome == "pass" and 1 or 0), where .. ": iscorrect")
  end
end

function checks.classroom50(text, r, where)
  local v = json(text, where)
  claim(v.schema == "classroom50/result/v1" and v.score == r.score and v["max-score"] == r.max,
      where .. ": schema, score, max-score")
  claim(sum(v.tests, "score") == r.score and sum(v.tests, "max-score") == r.max, where .. ": sums")
  claim(v.datetime:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$"), where .. ": datetime")
  integers(v.tests, "score", where)
  for i, test in ipairs(v.tests) do
    claim(test["test-name"] and test.passed == (r.checks[i].outcome == "pass"), where .. ": passed")
  end
end

function checks.autolab(text, r, where)
  local last = text:match("([^\n]*)\n$")
  local v, all = json(last, where), 0
  for _, points in pairs(v.scores) do all = all + points end
  claim(all == r.score, where .. ": the points differ")
end

function checks.github(text, r, where)
  local letters = text:gsub("%s", "")
  claim(#letters % 4 == 0 and not letters:find("[^%w+/=]"), where .. " is no base64")
  local command = io.popen("echo " .. letters .. " | base64 -d")
  local v = json(command:read("a"), where)
  command:close()
  claim(v.max_score == r.max and sum(v.tests, "score") == r.score, where .. ": the points differ")
  claim(v.status == (r.score == r.max and "pass" or "fail"), where .. ": status")
end

-- Elements nest, attributes are quoted, nothing is left that is no text.
local function xml_is_sound(text)
  local open, body = {}, text:gsub("^<%?xml[^>]*%?>", "")
  for close, name, attributes, alone in body:gmatch("<(/?)([%w-]+)([^<>]-)(/?)>") do
    if close == "/" then
      if table.remove(open) ~= name then return false end
    elseif alone == "" then
      open[#open + 1] = name
    end
    if attributes:gsub('%s+[%w-]+="[^"<]*"', "") ~= "" then return false end
  end
  local rest = body:gsub("<[^<>]*>", "")
  return #open == 0 and not rest:find("[<>]") and
      not rest:gsub("&%a+;", ""):gsub("&#%d+;", ""):find("&") and
      utf8.len(text) and not text:find("[\0-\8\11-\31]") and not text:find("\xef\xbf[\xbe\xbf]")
end

function checks.junit(text, r, where)
  local n = { pass = 0, fail = 0, error = 0 }
  for _, check in ipairs(r.checks) do n[check.outcome] = n[check.outcome] + 1 end
  claim(xml_is_sound(text), where .. " is no XML")
  claim(text:find(('tests="%d" failures="%d" errors="%d"'):format(#r.checks, n.fail, n.error), 1, true),
      where .. ": counts")
  claim(select(2, text:gsub("<failure ", "")) == n.fail, where .. ": failures")
  claim(select(2, text:gsub("<error ", "")) == n.error, where .. ": errors")
end

function checks.tap(text, r, where)
  local lines, points, inside = {}, 0, false
  for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
  claim(lines[1] == "TAP version 14" and lines[2] == "1.." .. #r.checks, where .. ": head")
  for i = 3, #lines do
    local verdict, number, words = lines[i]:match("^(n?o?t? ?ok) (%d+) %- (.*)$")
    if verdict and not inside then
      points = points + 1
      local check = r.checks[points]
      claim(tonumber(number) == points and (verdict == "ok") == (check.outcome == "pass"),
          where .. ": point " .. number)
      claim(not words:gsub("\\[\\#]", ""):find("#"), where .. ": a directive nobody meant")
    elseif lines[i] == "  ---" or lines[i] == "  ..." then
      inside = lines[i] == "  ---"
    else
      local _, value = lines[i]:match('^  (%a+): (.*)$')
      claim(inside and value and core.from_json("[" .. value .. "]"), where .. ": " .. lines[i])
    end
  end
  claim(points == #r.checks and not inside, where .. ": as many points as planned")
end

function checks.text(text, r, where)
  claim(text:find(("%d of %d points"):format(r.score, r.max), 1, true), where .. ": the points")
  claim(not text:find("[\0-\8\11-\31\127]") and utf8.len(text), where .. " is not plain")
end

for _, file in ipairs(core.files(core.scripts .. "/grade/formats")) do
  local name = file:match("^(.+)%.lua$")
  claim(checks[name], "nobody tests format " .. name)
  for _, case in ipairs(cases) do
    local text = format(name).write(case[2])
    checks[name](text, case[2], name .. " of " .. case[1])
    claim(text == format(name).write(case[2]) or name == "classroom50", name .. " differs")
  end
end

-- What was said of a check is not said again, unless something is new.
local r = made("stale", { "fail" })
local text = format("text").write(r)
claim(select(2, text:gsub("stale\n", "")) < 8 and
    select(2, text:gsub("the same as in the check before", "")) == #r.checks - 1, "text repeats itself")
r.checks[2].board = "x86"
claim(select(2, format("text").write(r):gsub("the same as in the check before", "")) == #r.checks - 3,
    "text hides what is new")

print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
