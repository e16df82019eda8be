-- Random drivers that keep the rules, and the same drivers with one mistake.
--
-- A driver is a list of steps on a few buffers: allocate, store, map, let the device work, sync,
-- read, unmap, free. It is drawn in a legal order, so on every machine it must see the right data
-- and be accused of nothing. Then one step is dropped, moved, or given another direction or size.
-- What follows must be named by the checker, or fail where everybody sees it, or be harmless: then
-- every read, of the CPU and of the device, still finds what the driver meant it to find.
--
-- usage: dmalab run tests/drivers/property.lua [DRIVERS [SEED]]
-- The last lines say how many mistakes were caught; a miss is printed with its steps.

package.path = package.path .. ";" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/../?.lua"
local machines = require "machines"

local drivers = math.tointeger(tonumber(arg[1] or 40))
local seed = math.tointeger(tonumber(arg[2] or 1))
if not drivers or not seed then error("usage: property.lua [DRIVERS [SEED]]", 0) end

core.announce = nil

local TO, FROM, BOTH = DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL
local names = { [TO] = "TO", [FROM] = "FROM", [BOTH] = "BOTH" }
local pick = math.random

-- What the steps do -------------------------------------------------------------------------------
-- A step: { does, buffer, at, n, dir, want, fill }. The same fields for all, so that a mistake can
-- be made in any of them.

local does = {}

function does.alloc(b, s) b.va = kmalloc(s.n) or error("no memory", 0) end
function does.free(b) kfree(b.va) end
function does.store(b, s) write(b.va + s.at, s.fill:rep(s.n)) end
function does.map(b, s) b.h = dma_map_single(dev, b.va, s.n, s.dir) end
function does.check(b) if dma_mapping_error(dev, b.h) ~= 0 then error("the map failed", 0) end end
function does.unmap(b, s) dma_unmap_single(dev, b.h, s.n, s.dir) end
function does.for_cpu(b, s) dma_sync_single_for_cpu(dev, b.h + s.at, s.n, s.dir) end
function does.for_device(b, s) dma_sync_single_for_device(dev, b.h + s.at, s.n, s.dir) end
function does.fetch(b, s) return dev:dma_read(b.h + s.at, s.n) end
function does.deliver(b, s) dev:dma_write(b.h + s.at, s.fill:rep(s.n)) end
function does.look(b, s) return read(b.va + s.at, s.n) end

function does.map_sg(b, s)
  b.sg = scatterlist(1)
  sg_init_one(b.sg, b.va, s.n)
  if dma_map_sg(dev, b.sg, 1, s.dir) == 0 then error("the map failed", 0) end
  b.h = sg_dma_address(b.sg)
end
function does.unmap_sg(b, s) dma_unmap_sg(dev, b.sg, 1, s.dir) end
function does.sg_for_cpu(b, s) dma_sync_sg_for_cpu(dev, b.sg, 1, s.dir) end
function does.sg_for_device(b, s) dma_sync_sg_for_device(dev, b.sg, 1, s.dir) end

function does.alloc_coherent(b, s)
  b.va, b.h = dma_alloc_coherent(dev, s.n)
  if not b.va then error("no memory", 0) end
end
function does.free_coherent(b, s) dma_free_coherent(dev, s.n, b.va, b.h) end
function does.barrier() dma_wmb() end

-- The doorbell waits for nothing that was stored before it.
function does.ring(b, s)
  writeq_relaxed(b.h + s.at, dev.bar + 0x80)
  writeq_relaxed(0x40000, dev.bar + 0x88)
  writel_relaxed(s.n, dev.bar + 0x90)
  writel_relaxed(1, dev.bar + 0x98)
  dev:wait()
  return dev:buffer():sub(1, s.n)
end

-- Drawing a driver --------------------------------------------------------------------------------

local function letter() return string.char(pick(97, 122)) end

-- What the driver means a buffer to hold: one letter a byte, false where nobody can say.
local function known(b, at, n)
  local bytes = {}
  for i = at + 1, at + n do
    if not b.bytes[i] then return nil end
    bytes[#bytes + 1] = b.bytes[i]
  end
  return table.concat(bytes)
end

local function set(b, at, n, fill) for i = at + 1, at + n do b.bytes[i] = fill end end

-- Syncs keep to whole lines of any board: 64 bytes.
local function part(b)
  if b.size <= 64 or pick(3) > 1 then return 0, b.size end
  local at = 64 * pick(0, (b.size - 1) // 64)
  return at, math.min(64 * pick(4), b.size - at)
end

local function drawn_buffer(add, b)
  b.size = ({ 8, 24, 64, 100, 128, 256, 1000, 2048 })[pick(8)]
  add { "alloc", n = b.size }
  local function store_step(at, n)
    local fill = letter()
    add { "store", at = at, n = n, fill = fill }
    set(b, at, n, fill)
  end
  local function look(at, n)
    local want = known(b, at, n)
    if want then add { "look", at = at, n = n, want = want } end
  end
  for _ = 1, pick(2) do
    local dir = ({ TO, FROM, BOTH })[pick(3)]
    local sg = pick(4) == 1
    if dir ~= FROM or pick(2) == 1 then store_step(0, b.size) end
    if dir == FROM then set(b, 0, b.size, false) end
    add { sg and "map_sg" or "map", n = b.size, dir = dir }
    if not sg then add { "check" } end
    for _ = 1, pick(3) do
      if dir ~= FROM then
        add { "fetch", at = 0, n = b.size, want = known(b, 0, b.size) }
      end
      if dir ~= TO then
        local fill = letter()
        add { "deliver", at = 0, n = b.size, fill = fill }
        set(b, 0, b.size, fill)
      end
      if pick(2) == 1 then
        local at, n = part(b)
        if sg then at, n = 0, b.size end
        add { sg and "sg_for_cpu" or "for_cpu", at = at, n = n, dir = dir }
        if dir ~= TO then look(at, n) end
        if dir ~= FROM then store_step(at, n) end
        add { sg and "sg_for_device" or "for_device", at = at, n = n, dir = dir }
      end
    end
    add { sg and "unmap_sg" or "unmap", n = b.size, dir = dir }
    look(0, b.size)
  end
  add { "free" }
end

local function drawn_coherent(add, b)
  b.size = ({ 64, 512, 4096 })[pick(3)]
  add { "alloc_coherent", n = b.size }
  for _ = 1, pick(3) do
    local at, fill = 8 * pick(0, 7), letter()
    add { "store", at = at, n = 8, fill = fill }
    add { "barrier" }
    add { "ring", at = at, n = 8, want = fill:rep(8) }
    local answer = letter()
    add { "deliver", at = at, n = 8, fill = answer }
    add { "look", at = at, n = 8, want = answer:rep(8) }
  end
  add { "free_coherent", n = b.size }
end

-- One to three buffers, their steps interleaved.
local function drawn_driver()
  local queues, steps = {}, {}
  for i = 1, pick(3) do
    local queue = {}
    local function add(step)
      step.buffer = i
      queue[#queue + 1] = step
    end
    local draw = pick(4) == 1 and drawn_coherent or drawn_buffer
    draw(add, { bytes = {} })
    queues[#queues + 1] = queue
  end
  while #queues > 0 do
    local i = pick(#queues)
    steps[#steps + 1] = table.remove(queues[i], 1)
    if #queues[i] == 0 then table.remove(queues, i) end
  end
  return steps
end

-- Mistakes ----------------------------------------------------------------------------------------

local function copy(steps)
  local other = {}
  for i, s in ipairs(steps) do
    other[i] = {}
    for key, value in pairs(s) do other[i][key] = value end
  end
  return other
end

local mistakes = {}

function mistakes.drop(steps, i)
  table.remove(steps, i)
  return true
end

function mistakes.turn(steps, i)
  local s = steps[i]
  if not s.dir then return false end
  s.dir = (s.dir + pick(2)) % 3
  return true
end

function mistakes.resize(steps, i)
  local s = steps[i]
  if not s.dir or not s.n or s[1]:find("sg") and s[1] ~= "map_sg" then return false end
  s.n = math.max(1, pick(2) == 1 and s.n // 2 or s.n * 2)
  return true
end

-- To after the next step of the same buffer.
function mistakes.delay(steps, i)
  for j = i + 1, #steps do
    if steps[j].buffer == steps[i].buffer then
      table.insert(steps, j, table.remove(steps, i))
      return true
    end
  end
  return false
end

local mistake_names = { "drop", "turn", "resize", "delay" }

-- What it is worth a mistake in: a step of the DMA API or a barrier. Without allocating there is no
-- driver; a device that does something else is no mistake of the driver.
local untouched = { alloc = true, alloc_coherent = true, fetch = true, deliver = true, look = true,
                    store = true, ring = true, free = true }

local function with_mistake(steps)
  for _ = 1, 100 do
    local i, name = pick(#steps), mistake_names[pick(#mistake_names)]
    local other = copy(steps)
    if not untouched[steps[i][1]] and mistakes[name](other, i) then
      return other, name .. " of step " .. i
    end
  end
end

-- Playing -----------------------------------------------------------------------------------------

-- "right", "wrong" (a read found something else) or "failed" (an error everybody sees).
local function play(steps)
  local buffers, verdict = {}, "right"
  local fine = pcall(function()
    for _, s in ipairs(steps) do
      buffers[s.buffer] = buffers[s.buffer] or {}
      local got = does[s[1]](buffers[s.buffer], s)
      if s.want and got ~= s.want then verdict = "wrong" end
    end
  end)
  dev:unbind()
  return fine and verdict or "failed"
end

local function first_violation()
  local v = violations("all")[1]
  return v and v.rule
end

local function spelled_step(i, s)
  return ("  %2d  buffer %d  %-14s %s %s %s"):format(i, s.buffer, s[1],
      s.n and ("[%d, +%d]"):format(s.at or 0, s.n) or "", names[s.dir] or "", s.fill or "")
end

local function show(steps) for i, s in ipairs(steps) do print(spelled_step(i, s)) end end

local list = machines.all()

local function some_machine()
  local m = list[pick(#list)]
  return machines.with(m.board, m.settings, pick(0, 1) * pick(1000))
end

local failed, accusations, plays = 0, 0, 0

local function play_correct(steps, settings)
  machine(settings)
  local verdict, rule = play(steps), first_violation()
  plays = plays + 1
  if verdict == "right" and not rule then return end
  failed = failed + 1
  print("FAIL a correct driver: " .. machines.spelled(settings) .. " " .. verdict .. ", " ..
      (rule or "no rule named"))
  show(steps)
end

local outcomes = { caught = 0, failed = 0, harmless = 0, missed = 0 }

local function judge(verdict, rule)
  if rule then return "caught" end
  if verdict == "failed" then return "failed" end
  return verdict == "right" and "harmless" or "missed"
end

local function play_mistake(steps, what, settings)
  machine(settings)
  local verdict = play(steps)
  local outcome = judge(verdict, first_violation())
  outcomes[outcome] = outcomes[outcome] + 1
  if outcome ~= "missed" then return end
  failed = failed + 1
  print("FAIL missed: " .. machines.spelled(settings) .. " " .. what)
  show(steps)
end

math.randomseed(seed)
print("seed " .. seed)
for _ = 1, drivers do
  local steps = drawn_driver()
  for _ = 1, 4 do play_correct(steps, some_machine()) end
  for _ = 1, 4 do
    local other, what = with_mistake(steps)
    if other then play_mistake(other, what, some_machine()) end
  end
end

local total = outcomes.caught + outcomes.failed + outcomes.harmless + outcomes.missed
print(("%d correct drivers, %d plays; %d mistakes: %d caught (%.1f %%), %d failed where all see it, "
    .. "%d harmless there, %d missed"):format(drivers, plays, total, outcomes.caught,
    100 * outcomes.caught / total, outcomes.failed, outcomes.harmless, outcomes.missed))
print((failed == 0 and "1 passed, 0 failed") or ("0 passed, " .. failed .. " failed"))
os.exit(failed == 0, true)
