-- Is anything lost by asking nature only where it can matter? Random small drivers, right and
-- wrong, are explored twice: sparingly, and thoroughly: about each line of interest at every step.
-- What breaks with n deviations in the one must break with n in the other.
--
-- A driver breaks when it breaks a rule (rules), or when anything it or the device reads is not
-- what the calm machine gave (values): the strictest oracle there can be; or when it sees a part of
-- a transfer for the whole (order).
--
-- Where CPU and device work at the same time there is something to ask at each cycle, so of those
-- drivers only every fourth is played.
--
-- usage: dmalab run tests/explore/brute.lua [DRIVERS [SEED [BOUND]]]

local drivers = math.tointeger(tonumber(arg[1] or 20))
local seed = math.tointeger(tonumber(arg[2] or 1))
local bound = math.tointeger(tonumber(arg[3] or 1))

core.announce = nil

local pick = math.random
local LINE = 64
local SKIP = DMA_ATTR_SKIP_CPU_SYNC
local directions = { DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL }

-- Each step: what it does with a buffer; what it answers is an observation.
local does = {}

function does.store(b, s) write(b.va + s.at, s.fill:rep(s.n)) end
function does.look(b, s) return read(b.va + s.at, s.n) end
function does.clean(b, s) cache.clean(b.va + s.at, s.n) end
function does.invalidate(b, s) cache.invalidate(b.va + s.at, s.n) end
function does.flush(b, s) cache.flush(b.va + s.at, s.n) end
function does.deliver(b, s) dev:dma_write(b.h + s.at, s.fill:rep(s.n)) end
function does.fetch(b, s) return dev:dma_read(b.h + s.at, s.n) end
function does.for_cpu(b, s) dma_sync_single_for_cpu(dev, b.h, b.n, b.dir) end
function does.for_device(b, s) dma_sync_single_for_device(dev, b.h, b.n, b.dir) end

local names = {}
for name in pairs(does) do names[#names + 1] = name end
for _ = 1, 2 do table.move({ "deliver", "invalidate" }, 1, 2, #names + 1, names) end
table.sort(names)

local function letter() return string.char(pick(97, 122)) end

local function drawn_step(buffers)
  local n = ({ 8, LINE, 2 * LINE })[pick(3)]
  local step = n == 8 and 8 or LINE
  return { names[pick(#names)], buffer = pick(#buffers), n = n,
           at = step * pick(0, (2 * LINE - n) // step), fill = letter() }
end

local function drawn()
  local d = { buffers = {}, steps = {} }
  for i = 1, pick(2) do
    d.buffers[i] = { n = 2 * LINE, dir = directions[pick(3)], first = pick(3) > 1,
                     map = pick(2) == 1 and SKIP or 0, unmap = pick(2) == 1 and SKIP or 0 }
  end
  for i = 1, pick(3, 9) do d.steps[i] = drawn_step(d.buffers) end
  return d
end

-- The function to explore, and the list it leaves its observations in.
local function driver(d)
  local seen = {}
  return function()
    local live = {}
    for i = #seen, 1, -1 do seen[i] = nil end
    for i, b in ipairs(d.buffers) do
      local one = { n = b.n, dir = b.dir, va = kmalloc(b.n) }
      if b.first then memset(one.va, 48 + i, b.n) end
      one.h = dma_map_single_attrs(dev, one.va, b.n, b.dir, b.map)
      dma_mapping_error(dev, one.h)
      live[i] = one
    end
    for _, s in ipairs(d.steps) do
      seen[#seen + 1] = does[s[1]](live[s.buffer], s)
    end
    for i, b in ipairs(d.buffers) do
      dma_unmap_single_attrs(dev, live[i].h, b.n, b.dir, b.unmap)
      seen[#seen + 1] = read(live[i].va, b.n)
    end
  end, seen
end

-- Coherent memory, and a device that works beside the CPU: here stores wait, loads come early and
-- beats are late.
local beside = {}

function beside.put(c, s) writeq_relaxed(s.value, c.va + s.at) end
function beside.take(c, s) return tostring(readq_relaxed(c.va + s.at)) end
function beside.wmb() dma_wmb() end
function beside.rmb() dma_rmb() end
function beside.pass(_, s) run(s.cycles) end
function beside.wait() dev:wait() end
function beside.result() return dev:busy() and "busy" or dev:buffer():sub(1, 32) end

-- The device is told without a barrier; while it is at work it does not listen.
function beside.ring(c, s)
  writeq_relaxed(s.from and 0x40000 or c.dma + s.at, dev.bar + 0x80)
  writeq_relaxed(s.from and c.dma + s.at or 0x40000, dev.bar + 0x88)
  writel_relaxed(s.from and 16 or 32, dev.bar + 0x90)
  writel_relaxed(s.from and 3 or 1, dev.bar + 0x98)
end

local beside_names = { "put", "put", "take", "take", "wmb", "rmb", "pass", "pass", "wait", "result",
    "ring", "ring" }

local function drawn_beside()
  local d = { buffers = {}, steps = {} }
  for i = 1, pick(5, 14) do
    d.steps[i] = { beside_names[pick(#beside_names)], at = 8 * pick(0, 3), value = pick(1000),
                   cycles = 10 * pick(30), from = pick(2) == 1, buffer = 1, n = 0, fill = "" }
  end
  return d
end

local function beside_driver(d)
  local seen = {}
  return function()
    for i = #seen, 1, -1 do seen[i] = nil end
    local c = {}
    c.va, c.dma = dma_alloc_coherent(dev, 4096)
    for _, s in ipairs(d.steps) do seen[#seen + 1] = beside[s[1]](c, s) end
    dev:wait()
    seen[#seen + 1] = dev:buffer():sub(1, 32) .. read(c.va, 64)
  end, seen
end

-- Who sees a word of the transfer takes it for the sign that other words are there: wrong, but for
-- those before it, and it shows only where a pause tears the transfer between them.
local function drawn_torn()
  local d = { buffers = {}, steps = {}, cycles = pick(0, 600) }
  for i = 1, pick(2, 5) do
    d.steps[i] = { "look", at = 8 * pick(0, 7), buffer = 1, n = 8, fill = "" }
  end
  return d
end

local function torn_driver(d)
  return function()
    local va, dma = dma_alloc_coherent(dev, 64)
    memset(va, 0, 64)
    wmb()
    dev:start_write(dma, ("n"):rep(64))
    run(d.cycles)
    local new
    for _, s in ipairs(d.steps) do
      local value = load(va + s.at)
      assert(value ~= 0 or not new, "a word is old that should be new")
      new = new or value ~= 0
      rmb()
    end
    dev:wait()
    dma_free_coherent(dev, 64, va, dma)
  end, {}
end

local function values_oracle(fn, seen)
  core.explore_open(false)
  core.explore_start()
  core.explore_run(fn, "")
  local calm = table.concat(seen, "|")
  core.explore_close()
  return function() return table.concat(seen, "|") == calm end
end

local function shown(d)
  for i, b in ipairs(d.buffers) do
    print(("  buffer %d dir %d stored %s map %d unmap %d"):format(i, b.dir, b.first, b.map, b.unmap))
  end
  for i, s in ipairs(d.steps) do
    print(("  %2d %-10s buffer %d +%d %d %s"):format(i, s[1], s.buffer, s.at, s.n, s.cycles and
        s.cycles .. " cycles, value " .. s.value .. (s.from and ", from" or "") or s.fill))
  end
end

local failed, holds, by_number, sparing, thorough, unfinished = 0, 0, {}, 0, 0, 0

local function compare(d, what, options, make)
  local fn, seen = make(d)
  if what == "values" then
    options.oracle = values_oracle(fn, seen)
  end
  options.bound, options.samples, options.runs = bound, 0, 30000
  local few = explore(fn, options)
  options.thorough = true
  local all = explore(fn, options)
  sparing, thorough = sparing + few.runs, thorough + all.runs
  if few.verdict == "holds" then holds = holds + 1
  else by_number[few.deviations or -1] = (by_number[few.deviations or -1] or 0) + 1 end
  if all.verdict == "stopped" then
    unfinished = unfinished + 1
    return
  end
  if few.verdict == all.verdict and few.deviations == all.deviations then return end
  failed = failed + 1
  print(("FAIL by %s: sparingly %s %s, thoroughly %s %s"):format(what, few.verdict,
      few.deviations or "", all.verdict, all.deviations or ""))
  shown(d)
  print(all.verdict == "breaks" and all or few)
end

math.randomseed(seed)
for i = 1, drivers do
  local board = ({ "arm64", "riscv", "arm", "mips" })[i % 4 + 1]
  machine { board = board, l2_sets = i % 3 == 0 and 0 or nil }
  local one, two = drawn(), drawn_beside()
  compare(one, "rules", {}, driver)
  compare(one, "values", { rules = false }, driver)
  if i % 4 == 0 then
    compare(two, "values", { rules = false }, beside_driver)
    compare(drawn_torn(), "order", { rules = false }, torn_driver)
  end
end

print(("%d drivers of each kind, up to %d deviations: %d hold, %d break when calm, " ..
    "%d with 1 deviation, %d with 2; %d schedules sparingly, %d thoroughly; %d " ..
    "too large to be thorough about"):format(drivers, bound,
    holds, by_number[0] or 0, by_number[1] or 0, by_number[2] or 0, sparing, thorough, unfinished))
print((failed == 0 and "1 passed, 0 failed") or ("0 passed, " .. failed .. " failed"))
os.exit(failed == 0, true)
