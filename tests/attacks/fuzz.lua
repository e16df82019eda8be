-- Every call of the API with random arguments, from a student's state, on random boards: nothing
-- but an error of Lua may come of it. Meant for a build with sanitizers; make check plays it short.
--
-- usage: dmalab run tests/attacks/fuzz.lua [seconds, 5] [first seed, 1]; V=1 names each seed before

local settings = require "settings"

local SECONDS, SEED = tonumber(arg[1]) or 5, math.tointeger(tonumber(arg[2])) or 1
local STEPS, MEMORY = 300000, 32 << 20

local source = [[
local names = ...

local state
local function below(n)
  state = (state * 6364136223846793005 + 1442695040888963407)
  return (state >> 33) % n
end

local results = {}
local odd = { 0, -1, 1, 2, 3, 7, 63, 64, 4095, 4096, 4097, 1 << 16, 1 << 31, 1 << 32, 1 << 40, 1 << 62,
    math.maxinteger, math.mininteger, math.huge, -math.huge, 0 / 0, 0.5, "", "x", ("x"):rep(300),
    "to_device", "12", true, false, print, GFP_ATOMIC, DMA_TO_DEVICE, DMA_BIDIRECTIONAL, DMA_MAPPING_ERROR }

local function hostile()
  local function odds() return odd[below(#odd) + 1] end
  return setmetatable({ name = odds(), probe = odds(), length = odds(), [1] = odds(), dev = dev },
      { __index = odds, __len = odds, __eq = odds, __name = "dmalab.sg", __newindex = odds,
        __call = odds })
end

local function handler(...)
  results[below(32) + 1] = (...)
  if below(8) == 0 then error(odd[below(#odd) + 1]) end
  if below(8) == 0 then coroutine.yield() end
  return below(3)
end

local function value()
  local kind = below(10)
  if kind < 4 then return results[below(32) + 1] end
  if kind < 6 then return dev end
  if kind == 6 then return below(2) == 0 and hostile() or handler end
  if kind == 7 then return below(300) end
  return odd[below(#odd) + 1]
end

local function keep(_, ...)
  for i = 1, select("#", ...) do
    local result = select(i, ...)
    if result ~= nil then results[below(32) + 1] = result end
  end
end

local function field(object)
  local fields = { "length", "dma_address", "sgl", "nents", "data", "len", "dev", "complete", "head",
      "transfer_buffer", "pipe", "bi_io_vec", "name", 1, 2, -1, "x" }
  local key = fields[below(#fields) + 1]
  if below(2) == 0 then return object[key] end
  object[key] = value()
end

function go(seed)
  state = seed * 0x9e3779b97f4a7c15
  for _ = 1, 60 do
    local name = names[below(#names) + 1]
    local fn, args = nil, {}
    if name:find(":") then
      fn = dev[name:match(":(.*)")]
      args[1] = below(20) > 0 and dev or value()
    elseif name:find("%.") then
      fn = _G[name:match("(.*)%.")][name:match("%.(.*)")]
    else
      fn = _G[name]
    end
    local n = #args + below(6)
    for i = #args + 1, n do args[i] = value() end
    keep(pcall(fn, table.unpack(args, 1, n)))
    if below(4) == 0 then keep(pcall(field, value())) end
    if below(16) == 0 then pcall(tostring, value()) end
  end
end
]]

local names = {}
core.student_open(MEMORY)
core.student_give("predict", function(...) return ... end)
for _, row in ipairs(core.api) do names[#names + 1] = ("%q"):format(row.name) end
names[#names + 1] = '"predict"'
source = source:gsub("%.%.%.", "{ " .. table.concat(names, ", ") .. " }", 1)
assert(core.student_load(source, "fuzz.lua"))

local boards = settings.boards()
local LONG = 10           -- seconds of a run, also with sanitizers on a machine that has other work
local runs, errors, slowest, words = 0, 0, 0, {}
local until_second = core.seconds() + SECONDS
core.announce = nil
core.explore_open(true)
while core.seconds() < until_second do
  local seed = SEED + runs
  if runs % 50 == 0 then
    settings.power_on { board = boards[1 + seed // 50 % #boards] }
    core.explore_start()
  end
  local began = core.seconds()
  if os.getenv("V") then io.stderr:write(seed, "\n") end
  core.explore_run(function()
    local fine, why = core.student_reset(STEPS)
    if fine then fine, why = core.student_call("go", seed) end
    if not fine then
      errors = errors + 1
      words[why] = (words[why] or 0) + 1
    end
  end, "", 0, seed)
  if core.seconds() - began > slowest then
    slowest = core.seconds() - began
    words.slowest = seed
  end
  runs = runs + 1
end
core.explore_close()

print(("%d runs from seed %d, %d ended early, the slowest took %.2f s (seed %d)"):format(runs, SEED,
    errors, slowest, words.slowest))
for why, count in pairs(words) do
  if why ~= "slowest" and not why:find("used up") then print(count, why) end
end
print((slowest < LONG and "1 passed, 0 failed") or "0 passed, 1 failed")
os.exit(slowest < LONG)
