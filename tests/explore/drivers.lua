-- The correct drivers of tests/drivers under every schedule with up to one deviation, and a few at
-- random: on four boards no rule may be broken and no value be wrong.
--
-- usage: dmalab run tests/explore/drivers.lua [BOUND]

package.path = package.path .. ";" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/../drivers/?.lua"

local bound = math.tointeger(tonumber(arg[1] or 1))
local boards = { "arm64", "arm", "x86", "arm64-smmu" }

core.announce = nil

local function plays_on(row, board)
  for _, name in ipairs(row.boards or boards) do
    if name == board then return true end
  end
end

local function machine_for(row, board)
  local settings = { board = board }
  for key, value in pairs(row.settings or {}) do settings[key] = value end
  return pcall(machine, settings)
end

local passed, failed, schedules = 0, 0, 0

local function judge(row, board)
  local r = explore(row[2], { bound = bound, samples = 50, runs = 10000 })
  schedules = schedules + r.runs + r.sampled
  if r.verdict ~= "breaks" then
    passed = passed + 1
  else
    failed = failed + 1
    print(("FAIL %s, on %s: %s"):format(row[1], board, tostring(r)))
  end
end

for _, row in ipairs(require "correct") do
  for _, board in ipairs(boards) do
    if plays_on(row, board) and machine_for(row, board) then judge(row, board) end
  end
end

print(schedules .. " schedules")
print(passed .. " passed, " .. failed .. " failed")
os.exit(failed == 0, true)
