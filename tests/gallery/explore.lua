-- Every driver of the gallery and of the forty rules under every schedule with up to 2 deviations:
-- how few break the broken one, and that none breaks the mended one.
--
-- usage: dmalab run tests/gallery/explore.lua [PART OF A NAME [BOUND [RUNS]]]
-- The table: deviations until the broken driver is called by a rule, and by which; until it fails
-- by itself, when nobody watches (- where it does not, up to the bound); of the mended one the
-- schedules played, the bound they cover (all: there are no more), and the seconds it took. A ~ is
-- a rule that only warns: the driver holds, and is told so. What is right and only looked wrong
-- (no rule in its file) has to hold without a word.

local folder = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = package.path .. ";" .. folder .. "/../?.lua"

local gallery = require "gallery"

local wanted = arg[1] or ""
local bound = math.tointeger(tonumber(arg[2] or 2))
local runs = math.tointeger(tonumber(arg[3] or 200000))
if not bound or not runs then error("usage: explore.lua [PART OF A NAME [BOUND [RUNS]]]", 0) end

core.announce = nil

-- Half a case as something to explore: then the driver lets go of its devices.
local function half(case, which, may_give_up)
  return function()
    local why = gallery.play(case[which])
    if why and not may_give_up then error(why, 0) end
  end
end

local passed, failed = 0, 0

local function count(fine, name, why)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. name .. ": " .. why) end
end

local function needed(r)
  if r.verdict ~= "breaks" then return r.warnings[1] and "~ " .. r.warnings[1] or "-" end
  return r.deviations .. " " .. (r.kind == "violation" and r.why or r.kind)
end

local function covered(r)
  if r.verdict == "breaks" then return "BREAKS" end
  return r.everything and "all" or tostring(r.exhaustive)
end

-- A case with a rule breaks or is warned of, one without neither.
local function is_called(r, case)
  local called = r.verdict == "breaks" or #r.warnings > 0
  return called == (case.row == nil or case.rule ~= nil)
end

local function judge(name, case)
  local o = { bound = bound, runs = runs, samples = 0 }
  machine(case.machine or { board = "arm64" })
  local called = explore(half(case, "broken", true), o)
  local mended = explore(half(case, "mended"), o)
  o.rules = false
  local fails = explore(half(case, "broken"), o)
  print(("%-40s %-24s %-11s %6d %-4s %5.2f"):format(name:sub(1, 40), needed(called), needed(fails),
      mended.runs, covered(mended), mended.seconds))
  count(is_called(called, case), name .. ", broken", tostring(called))
  count(mended.verdict == "holds" and #mended.warnings == 0, name .. ", mended", tostring(mended))
  return called, mended, fails
end

local cases = {}
for _, file in ipairs(core.files(folder)) do
  local name = file:match("^(%d%d%-.*)%.lua$")
  if name then
    cases[name] = dofile(folder .. "/" .. file)
    cases[#cases + 1] = name
  end
end
table.sort(cases)

local list = {}
for _, name in ipairs(cases) do list[#list + 1] = { name, cases[name] } end
for i, row in ipairs(require "rules") do
  if not row[2] then list[#list + 1] = { ("%2d %s"):format(i, row[1]), row } end
end

local schedules, slowest, began = 0, 0, core.seconds()
print(("%-40s %-24s %-11s %6s %-4s %5s"):format("", "broken: called by", "fails by", "mended", "to", "s"))
for _, item in ipairs(list) do
  if item[1]:find(wanted, 1, true) then
    for _, r in ipairs { judge(item[1], item[2]) } do
      schedules = schedules + r.runs
      slowest = math.max(slowest, r.seconds)
    end
  end
end
print(("%d schedules in %.1f s, the slowest search %.1f s"):format(schedules,
    core.seconds() - began, slowest))
print(passed .. " passed, " .. failed .. " failed")
os.exit(failed == 0, true)
