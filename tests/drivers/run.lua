-- Plays every driver of correct.lua and broken.lua on every board: calm, then with as many seeds of
-- random nature as asked for. The correct ones are also played on odd machines.
--
-- usage: dmalab run tests/drivers/run.lua [SEEDS [PART OF A NAME]]
--
-- One line for a driver that fails, with the first machine it failed on. Type that machine{ ... }
-- at the prompt and the driver's lines behind it to see the same.

local seeds = math.tointeger(tonumber(arg[1] or 3))
local wanted = arg[2] or ""
if not seeds or seeds < 1 then error("usage: run.lua [SEEDS [PART OF A NAME]]", 0) end

package.path = package.path .. ";" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/../?.lua"
local machines = require "machines"
local boards, spelled, machine_of = machines.boards, machines.spelled, machines.with

-- Behind an IOMMU a device is stopped where elsewhere it does harm, so what is broken is named
-- otherwise: of broken.lua these play only the rows that name them.
local iommu_boards = { "x86-iommu", "arm64-smmu" }

-- Caches of one line, caches that pass every store on, devices and store buffers at either end of
-- their range, RAM of other shapes, architectures no board has.
local odd_machines = {
  { line = 8 }, { line = 256 }, { line = 256, l1_sets = 1, l1_ways = 1, l2_sets = 0 },
  { line = 128, l1_sets = 1, l1_ways = 1 },
  { l1_sets = 1, l1_ways = 1, l2_sets = 1, l2_ways = 1 },
  { l1_sets = 4096, l1_ways = 1, l2_sets = 1, l2_ways = 1 },
  { l1_sets = 1, l1_ways = 3, l1_policy = "fifo" },
  { l1_sets = 2, l1_ways = 2, l1_policy = "random" },
  { l1_sets = 1, l1_ways = 16, l1_policy = "plru" },
  { l2_sets = 0 }, { l2_sets = 0, l1_allocate = false },
  { l1_write = "through" }, { l2_write = "through" },
  { l1_write = "through", l2_write = "through" },
  { l1_write = "through", l1_allocate = false },
  { l1_allocate = false }, { l2_allocate = false }, { l1_allocate = false, l2_allocate = false },
  { l1_sets = 1, l1_ways = 2, l2_sets = 1, l2_ways = 1, l2_allocate = false },
  { speculates = false },
  { store_buffer = 1 }, { store_buffer = 32, cycles_store = 10000 },
  { cycles_device = 0, cycles_beat = 1, cycles_ram = 1 },
  { cycles_device = 5000, cycles_beat = 50 },
  { coherent = true }, { coherent = true, strict = true },
  { coherent = true, l1_write = "through" },
  { coherent = true, l1_sets = 1, l1_ways = 1, l2_sets = 0 },
  { bus_offset = 0 }, { bus_offset = 4096 },
  { ram = "128K", kernel_image = "4K" }, { ram = "256M" },
  { ram2 = "16M" }, { ram2 = "16M", ram2_at = "32M" }, { mem = "16M", ram2 = "16M" },
  { zone_dma = 0, zone_dma32 = 0 }, { zone_dma = "2M", zone_dma32 = "8M" },
  { arch = "arm-v5", speculates = false },
  { arch = "arm-v5", speculates = false, l1_write = "through" },
  { arch = "mips-no-speculation", speculates = false }, { arch = "mips-old" },
  { arch = "riscv-no-post-inval", speculates = false },
}

-- Broken rules are read from violations(); said aloud they would drown the result.
core.announce = nil

-- Verdicts ---------------------------------------------------------------------------------------

local function first_of(rule)
  for _, v in ipairs(violations()) do
    if v.rule == rule then return v end
  end
end

local function rules_named()
  local rules = {}
  for i, v in ipairs(violations()) do rules[i] = v.rule end
  return #rules > 0 and table.concat(rules, ", ") or "nothing"
end

-- What is wrong, or nil when no rule was said to be broken, but perhaps the one that may be.
local function accused(may_be)
  for _, v in ipairs(violations()) do
    if v.rule ~= may_be then return "accused: " .. v.text end
  end
end

local function misses(expected)
  local v = first_of(expected.rule)
  if not v then return "not named: " .. expected.rule .. "; said was " .. rules_named() end
  if not v.advice:find(expected.advice, 1, true) then
    return ("wrong advice for %s: %q, want %q"):format(v.rule, v.advice, expected.advice)
  end
end

local function verdict_of_correct() return accused() end

-- What this row is to be called on the machine that is on.
local function expected_of(row, board)
  return row.named[board] or row.named[core.board().coherent and "coherent" or "noncoherent"]
end

local function verdict_of_broken(row, board, seed)
  local expected = expected_of(row, board)
  local missed = row.debug and misses { rule = row.debug, advice = "" }
  if missed then return missed end
  if row.hidden and seed > 0 and not core.board().coherent then return nil end
  if not expected then return accused(row.debug) end
  return misses(expected)
end

-- Plays -------------------------------------------------------------------------------------------

-- What goes wrong with a driver on this machine, or nil.
local function play(row, verdict, settings)
  machine(settings)
  local fine, why = pcall(row[2])
  if not fine then return tostring(why) end
  return verdict(row, settings.board, settings.seed or 0)
end

-- Every machine the driver failed on: what it is, and why.
local function failures_of(row, verdict, list)
  local failures = {}
  for _, settings in ipairs(list) do
    local why = play(row, verdict, settings)
    if why then failures[#failures + 1] = spelled(settings) .. " " .. why end
  end
  return failures
end

local passed, failed = 0, 0

local function test(row, verdict, list)
  local failures = failures_of(row, verdict, list)
  if #failures > 0 then
    failed = failed + 1
    print(("FAIL %s: %s (%d of %d machines)"):format(row[1], failures[1], #failures, #list))
  else
    passed = passed + 1
  end
end

local function test_rows(rows, verdict, machines_for)
  for _, row in ipairs(rows) do
    local list = row[1]:find(wanted, 1, true) and machines_for(row) or {}
    if #list > 0 then test(row, verdict, list) end
  end
end

local function every_board(row)
  local list = {}
  for _, board in ipairs(row.boards or boards) do
    for seed = 0, seeds do list[#list + 1] = machine_of(board, row.settings, seed) end
  end
  return list
end

-- Each odd machine takes another board as its base with each seed: all pairs would take too long.
local function odd_ones(row)
  local list = {}
  for i, settings in ipairs((row.settings or row.odd == false) and {} or odd_machines) do
    for seed = 0, seeds do
      list[#list + 1] = machine_of(boards[(i + seed) % #boards + 1], settings, seed)
    end
  end
  return list
end

local function every_board_and_odd_ones(row)
  local list, odd = every_board(row), odd_ones(row)
  for _, board in ipairs(row.boards and {} or iommu_boards) do
    for seed = 0, seeds do list[#list + 1] = machine_of(board, row.settings, seed) end
  end
  return table.move(odd, 1, #odd, #list + 1, list)
end

local correct, broken = require "correct", require "broken"
test_rows(correct, verdict_of_correct, every_board_and_odd_ones)
test_rows(broken, verdict_of_broken, every_board)

print(passed .. " passed, " .. failed .. " failed")
os.exit(failed == 0, true)
