-- Plays every scenario of the gallery: the broken driver on its machine, where it must be called by
-- its rule; the mended one on every board and back end, calm and with seeds, where nothing may be
-- said. Then the table: what dma-debug says of each, and what dmalab does.
--
-- usage: dmalab run tests/gallery/run.lua [SEEDS [PART OF A NAME]]

local folder = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = package.path .. ";" .. folder .. "/../?.lua"

local gallery = require "gallery"
local machines = require "machines"

local seeds = math.tointeger(tonumber(arg[1] or 3))
local wanted = arg[2] or ""
if not seeds or seeds < 0 then error("usage: run.lua [SEEDS [PART OF A NAME]]", 0) end

core.announce = nil

local passed, failed = 0, 0

local function count(fine, name, why)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. name .. ": " .. why) end
end

-- The broken driver: what was said of it, by each.
local function caught(case)
  machine(case.machine)
  gallery.play(case.broken)
  return gallery.named(case.rule), gallery.dma_debug()
end

-- Why the mended driver is not clean on this machine, or nil.
local function accused(case, settings)
  machine(settings)
  local why = gallery.play(case.mended)
  local v = gallery.named()
  return why or v and "accused: " .. v.text
end

local all = machines.all()

local function every_machine(case, visit)
  for _, m in ipairs(all) do
    for seed = 0, seeds do visit(machines.with(m.board, m.settings, seed)) end
  end
  visit(case.machine)
end

local function first_accusation(case)
  local first
  every_machine(case, function(settings)
    local why = not first and accused(case, settings)
    if why then first = machines.spelled(settings) .. " " .. why end
  end)
  return first
end

local rows = {}

for _, name in ipairs(core.files(folder)) do
  local stem = name:match("^(%d%d%-.*)%.lua$")
  if stem and stem:find(wanted, 1, true) then
    local case = dofile(folder .. "/" .. name)
    local v, debug_said = caught(case)
    count((v ~= nil) == (case.rule ~= nil), stem,
          case.rule and "not called " .. case.rule or "accused of " .. tostring(v and v.rule))
    local why = first_accusation(case)
    count(not why, stem .. ", mended", why)
    rows[#rows + 1] = { name = stem, rule = case.rule, debug = debug_said, right =
        (v ~= nil) == (case.rule ~= nil) and not why }
  end
end

local by_debug, by_us = 0, 0
for _, row in ipairs(rows) do
  local debug_right = row.rule and row.debug ~= nil or not row.rule and row.debug == nil
  print(("%-28s dma-debug: %-20s dmalab: %s"):format(row.name, row.debug or "-", row.rule or "-"))
  by_debug = by_debug + (debug_right and 1 or 0)
  by_us = by_us + (row.right and 1 or 0)
end
print(("judged right by dma-debug: %d of %d, by dmalab: %d of %d"):format(by_debug, #rows, by_us, #rows))
print(passed .. " passed, " .. failed .. " failed")
os.exit(failed == 0, true)
