-- Every driver of the gallery and of the forty rules under every schedule with up to 2 deviations:
-- how few break the broken one, and that none breaks the mended one.
--
-- usage: dmalab run tests/gallery/explore.lua [PART OF A NAME [BOUND [RUNS]]]
-- The table: deviations the broken driver needs and what it then is; of the mended one the schedules
-- played, the bound that was covered, and the seconds it took.

local folder = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = package.path .. ";" .. folder .. "/../?.lua"

local gallery = require "gallery"

local wanted = arg[1] or ""
local bound = math.tointeger(tonumber(arg[2] or 2))
local runs = math.tointeger(tonumber(arg[3] or 200000))
if not bound or not runs then error("usage: explore.lua [PART OF A NAME [BOUND [RUNS]]]", 0) end

core.announce = nil

-- Half a case as something to explore: then the driver lets go of its devices.
local function half(case, which)
  return function()
    local why = gallery.play(case[which])
    if why and which == "mended" then error(why, 0) end
  end
end

local passed, failed = 0, 0

local function count(fine, name, why)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. name .. ": " .. why) end
end

local function judge(name, case)
  machine(case.machine or { board = "arm64" })
  local broken = explore(half(case, "broken"), { bound = bound, runs = runs, samples = 0 })
  local mended = explore(half(case, "mended"), { bound = bound, runs = runs, samples = 0 })
  local warns = broken.verdict ~= "breaks"
  print(("%-62s %-26s %8d %s %6.2f"):format(name:sub(1, 62),
      warns and "-" or broken.deviations .. " " .. broken.why:match("[^\n]*"):sub(1, 23),
      mended.runs, mended.verdict == "holds" and (mended.everything and "all" or bound .. "  ")
      or mended.verdict == "stopped" and "to " .. mended.exhaustive or "BREAKS", mended.seconds))
  count(mended.verdict ~= "breaks", name .. ", mended", tostring(mended))
  return broken, mended
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
print(("%-62s %-26s %8s %s %6s"):format("", "broken needs", "mended", "to ", "s"))
for _, item in ipairs(list) do
  if item[1]:find(wanted, 1, true) then
    local broken, mended = judge(item[1], item[2])
    schedules = schedules + broken.runs + mended.runs
    slowest = math.max(slowest, mended.seconds, broken.seconds)
  end
end
print(("%d schedules in %.1f s, the slowest search %.1f s"):format(schedules,
    core.seconds() - began, slowest))
print(passed .. " passed, " .. failed .. " failed")
os.exit(failed == 0, true)
