-- Plays every scenario of the gallery and each of the forty rules: the broken driver on its machine,
-- where it must be called by its rule; the mended one on every board and back end, calm and with
-- seeds, where nothing may be said. Then the tables: what dma-debug says of each, and what dmalab.
--
-- usage: dmalab run tests/gallery/run.lua [SEEDS [PART OF A NAME [FILE]]]
-- FILE is written: the table of the forty rules, as `help rules` shows it.

local folder = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = package.path .. ";" .. folder .. "/../?.lua"

local gallery = require "gallery"
local machines = require "machines"

local seeds = math.tointeger(tonumber(arg[1] or 1))
local wanted, table_file = arg[2] or "", arg[3]
if not seeds or seeds < 0 then error("usage: run.lua [SEEDS [PART OF A NAME [FILE]]]", 0) end

core.announce = nil

local passed, failed = 0, 0

local function count(fine, name, why)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. name .. ": " .. why) end
end

-- The broken driver ------------------------------------------------------------------------------

-- Was it judged right? Then what dma-debug said, and dmalab. The driver may see that it failed, and
-- stop.
local function judge_broken(case, name)
  machine(case.machine)
  gallery.play(case.broken)
  local v = gallery.named(case.rule)
  local right = (v ~= nil) == (case.rule ~= nil)
  count(right, name, v and "accused of " .. v.rule or
      "not called " .. tostring(case.rule) .. ", but " ..
      (gallery.named() or { rule = "nothing" }).rule)
  return right, gallery.dma_debug() or false, v and v.rule or false
end

-- The mended driver ------------------------------------------------------------------------------

-- Why it is not clean on this machine, or nil.
local function accused(case, settings)
  machine(settings)
  local why = gallery.play(case.mended)
  local v = gallery.named()
  return why or v and "accused: " .. v.text
end

-- The boards that have an IOMMU of their own come last.
local all = machines.all()
for _, board in ipairs { "x86-iommu", "arm64-smmu" } do
  all[#all + 1] = { board = board, settings = {} }
end

local function machines_for(case)
  local list = { case.machine }
  for _, m in ipairs(all) do
    for seed = 0, seeds do list[#list + 1] = machines.with(m.board, m.settings, seed) end
  end
  return list
end

local function judge_mended(case, name)
  for _, settings in ipairs(machines_for(case)) do
    local why = accused(case, settings)
    if why then
      count(false, name .. ", mended", machines.spelled(settings) .. " " .. why)
      return false
    end
  end
  count(true)
  return true
end

-- What there is ----------------------------------------------------------------------------------

local cases = {}

for _, file in ipairs(core.files(folder)) do
  local name = file:match("^(%d%d%-.*)%.lua$")
  if name then
    cases[name] = dofile(folder .. "/" .. file)
    cases[#cases + 1] = name
  end
end
table.sort(cases)

-- A case with the verdicts on it.
local function judged(case, name)
  if case.right == nil then
    local right
    right, case.debug, case.said = judge_broken(case, name)
    case.right = judge_mended(case, name) and right
  end
  return case
end

-- Where there was nothing to catch, silence is right.
local function debug_right(case) return (case.rule ~= nil) == (case.debug ~= false) end

local function row_of(name, case)
  return ("%-62s %-20s %s"):format(name, case.debug or "-",
      case.right and (case.rule or "-") or "WRONG")
end

-- Play a list of { name, case } and say what came of each.
local function play(title, list)
  local by_debug, by_us = 0, 0
  print(("%-62s %-20s %s"):format(title, "dma-debug", "dmalab"))
  for _, item in ipairs(list) do
    local case = judged(item.case, item.name)
    by_debug = by_debug + (debug_right(case) and 1 or 0)
    by_us = by_us + (case.right and 1 or 0)
    print(row_of(item.name, case))
  end
  print(("judged right: %d of %d by dma-debug, %d by dmalab\n"):format(by_debug, #list, by_us))
end

local function chosen(name) return name:find(wanted, 1, true) ~= nil end

local seen, rules = {}, {}
for _, name in ipairs(cases) do
  if chosen(name) then seen[#seen + 1] = { name = name, case = cases[name] } end
end
for i, row in ipairs(require "rules") do
  local name = ("%2d %s"):format(i, row[1])
  row.machine = row.machine or { board = "arm64" }
  if chosen(name) then rules[#rules + 1] = { name = name, case = row[2] and cases[row[2]] or row } end
end

play("the gallery", seen)
play("the rules", rules)

-- The table for `help rules` ---------------------------------------------------------------------

if table_file then
  local out = assert(io.open(table_file, "w"))
  out:write("-- Made by `make driver-rules` from what the drivers of tests/gallery/rules.lua were " ..
      "called.\nreturn {\n")
  for _, item in ipairs(rules) do
    local case = item.case
    out:write(("  { %q, %q, %q },\n"):format(item.name:sub(4), case.debug or "-", case.said or "-"))
  end
  out:write("}\n")
  assert(out:close())
end

print(passed .. " passed, " .. failed .. " failed")
os.exit(failed == 0, true)
