-- What explore promises: the classic failures with their smallest schedules, the same trace for the
-- same choices, the same answer however many processes share the work, what it counts as broken.
--
-- usage: dmalab run tests/explore/test.lua

core.announce = nil

local N, SKIP = 128, DMA_ATTR_SKIP_CPU_SYNC
local D = ("d"):rep(N)

-- Receives into a buffer that is invalidated before the transfer, behind it, or both; with map and
-- unmap that leave the caches alone.
local function receive(before, after)
  return function()
    local buf = kmalloc(N)
    memset(buf, 1, N)
    if before then cache.flush(buf, N) end
    local h = dma_map_single_attrs(dev, buf, N, DMA_FROM_DEVICE, SKIP)
    dma_mapping_error(dev, h)
    dev:dma_write(h, D)
    if after then cache.invalidate(buf, N) end
    dma_unmap_single_attrs(dev, h, N, DMA_FROM_DEVICE, SKIP)
    local got = read(buf, N)
    kfree(buf)
    assert(got == D, "wrong data")
    return got
  end
end

local function right()
  local buf = kmalloc(N)
  local h = dma_map_single(dev, buf, N, DMA_FROM_DEVICE)
  dma_mapping_error(dev, h)
  dev:dma_write(h, D)
  dma_unmap_single(dev, h, N, DMA_FROM_DEVICE)
  local got = read(buf, N)
  kfree(buf)
  return got
end

local passed, failed = 0, 0

local function test(name, run)
  machine { board = "arm64" }
  local fine, why = pcall(run)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. name .. ": " .. tostring(why)) end
end

local function same(got, want, what)
  if got ~= want then error((what or "it") .. " is " .. tostring(got) .. ", not " .. tostring(want), 2) end
end

local function holds(r, bound)
  same(r.verdict, "holds", "the verdict")
  same(r.exhaustive, bound, "what was covered")
end

local function breaks(r, deviations, what, kind)
  same(r.verdict, "breaks", "the verdict")
  same(r.deviations, deviations, "how many")
  same(r.minimal, true, "minimal")
  if what then same(r.choices[1].what, what, "the choice") end
  if kind then same(r.kind, kind, "the kind") end
end

local function has(text, words)
  if not tostring(text):find(words, 1, true) then error("no '" .. words .. "' in: " .. tostring(text), 2) end
end

-- The events of the machine that is on from `first` on, as text.
local function told(first)
  local lines, _, last = {}, core.trace()
  for seq = first, last - 1 do lines[#lines + 1] = core.event(seq).text end
  return table.concat(lines, "\n")
end

-- The classic pair --------------------------------------------------------------------------------

test("invalidated only before, it falls to a prefetch", function()
  local r = explore(receive(true, false), { rules = false })
  breaks(r, 1, "prefetch", "error")
  has(r.story[1], "the prefetcher read line")
  has(r.story[1], "back between")
  has(r.story[1], "and the end of the DMA")
end)

test("invalidated only behind, it falls to a dirty line", function()
  local r = explore(receive(false, true), { rules = false })
  breaks(r, 1, "writeback", "error")
  has(r.story[1], "between the end of the DMA and the invalidate")
end)

test("invalidated before and behind, it holds", function()
  holds(explore(receive(true, true), { rules = false }), 2)
end)

test("the checker sees the prefetch, too", function()
  local r = explore(receive(true, false))
  breaks(r, 1, "prefetch", "violation")
  same(r.why, "stale-read")
end)

-- The error value is not asked for, which is a warning.
local function unchecked()
  local buf = kmalloc(N)
  dma_unmap_single(dev, dma_map_single(dev, buf, N, DMA_TO_DEVICE), N, DMA_TO_DEVICE)
  kfree(buf)
end

test("only the rules that are named count, warnings too", function()
  breaks(explore(receive(true, false), { rules = { "leak", "double-free" } }), 1, nil, "error")
  breaks(explore(receive(true, false), { rules = { "leak", "stale-read" } }), 1, nil, "violation")
  holds(explore(unchecked), 2)
  local r = explore(unchecked, { rules = { "map-error-unchecked" } })
  breaks(r, 0, nil, "violation")
  has(r.story[1], "map-error-unchecked: ")
  local fine, why = pcall(explore, unchecked, { rules = { "leek" } })
  same(fine, false)
  has(why, "there is no rule leek")
end)

test("a rule broken before is not the driver's", function()
  local buf = kmalloc(N)
  kfree(buf)
  kfree(buf)
  holds(explore(right), 2)
end)

test("with the API as it is meant, it holds on every board", function()
  local r = explore(right, { boards = "all", bound = 1 })
  same(r.holds, true)
  same(r.text, "right on every board")
end)

test("without the second invalidate it is right where nothing is read ahead", function()
  local r = explore(receive(true, false), { boards = { "arm64", "x86" }, rules = false })
  same(r[1].verdict, "breaks")
  same(r[2].verdict, "holds")
  has(r.text, "does not read ahead")
end)

test("a line that was flushed between two transfers may be read ahead in the second", function()
  breaks(explore(function()
    local buf = kmalloc(N)
    local h = dma_map_single_attrs(dev, buf, N, DMA_FROM_DEVICE, SKIP)
    dma_mapping_error(dev, h)
    dev:dma_write(h, ("p"):rep(N))
    cache.flush(buf, N)
    dev:dma_write(h, D)
    dma_unmap_single_attrs(dev, h, N, DMA_FROM_DEVICE, SKIP)
    assert(read(buf, N) == D, "wrong data")
  end, { rules = false }), 1, "prefetch")
end)

test("a transfer into coherent memory may be torn anywhere", function()
  local r = explore(function()
    local va, dma = dma_alloc_coherent(dev, 64)
    memset(va, 0, 64)
    wmb()
    dev:start_write(dma, ("n"):rep(64))
    run(600)
    local flag = load(va + 16)
    rmb()
    local data = load(va + 56)
    dev:wait()
    dma_free_coherent(dev, 64, va, dma)
    assert(flag == 0 or data ~= 0, "old data")
  end, { rules = false, bound = 1, samples = 0 })
  breaks(r, 1, "pace", "error")
end)

-- What counts as broken ---------------------------------------------------------------------------

test("an oracle sees a wrong value", function()
  local r = explore(right, { oracle = function(got) return got == "x" end })
  breaks(r, 0, nil, "error")
  holds(explore(right, { oracle = function(got) return got == D end }), 2)
end)

test("what was broken before it is not its own", function()
  replay(receive(true, true), {})
  pcall(replay, receive(true, false), explore(receive(true, false)))
  same(#violations(), 1, "broken before")
  holds(explore(receive(true, true)), 2)
  same(#violations(), 1, "broken behind")
  breaks(explore(receive(true, false)), 1, "prefetch", "violation")
end)

test("an oops is one", function()
  breaks(explore(function() load(8) end), 0, nil, "oops")
end)

test("a wait for what never comes is a deadlock", function()
  breaks(explore(function() wait_for_completion(init_completion()) end), 0, nil, "deadlock")
end)

test("a loop without an end is a deadlock, whatever it does", function()
  local function round() while true do end end
  local loops = { round, function() while true do pcall(round) end end,
      function() coroutine.wrap(round)() end,
      function() while true do pcall(mb) end end }
  for _, loop in ipairs(loops) do breaks(explore(loop), 0, nil, "deadlock") end
end)

test("a run of more events than the trace keeps ends as well", function()
  local function reads()
    local va = vmalloc(9 << 20)
    read(va, 9 << 20)
    mb()
  end
  breaks(explore(reads), 0, nil, "deadlock")
  holds(explore(right), 2)
end)

test("an error without words has some", function()
  has(explore(function() error({}) end).why, "with a table, not with words")
  has(explore(function() error() end).why, "with a nil, not with words")
end)

test("replay says what is no choice, and which never came up", function()
  for _, choices in ipairs { 5, { {} }, { { question = 1 } }, { 5 } } do
    same(pcall(replay, right, choices), false, "replay")
  end
  has(select(2, pcall(replay, right, { { question = 99, answer = 1 } })), "1 choice never came up")
end)

-- The driver believes that a transfer takes no longer than so; the device may pause.
local function impatient()
  local done = init_completion()
  request_irq(dev, function()
    writel(readl(dev.bar + 0x24), dev.bar + 0x64)
    complete(done)
    return IRQ_HANDLED
  end)
  local buf = kmalloc(64)
  local h = dma_map_single(dev, buf, 64, DMA_FROM_DEVICE)
  dma_mapping_error(dev, h)
  writeq(0x40000, dev.bar + 0x80)
  writeq(h, dev.bar + 0x88)
  writel(64, dev.bar + 0x90)
  writel(7, dev.bar + 0x98)
  local left = wait_for_completion_timeout(done, 2000)
  assert(left > 0, "it timed out")
  dma_unmap_single(dev, h, 64, DMA_FROM_DEVICE)
  free_irq(dev)
  kfree(buf)
end

test("a time-out too short falls to a device that pauses", function()
  local r = explore(impatient)
  breaks(r, 1, nil, "error")
  assert(({ pace = true, irq = true, post = true })[r.choices[1].what], r.choices[1].what)
  has(r.story[1], "the write to register 0x98 of edu had not come at the end")
end)

-- The device is switched off by a register write that is posted; the buffer goes at once.
test("a write that is posted may come too late", function()
  machine { board = "arm64", cycles_device = 20 }
  local function stop_and_free(flush)
    return function()
      local buf = kmalloc(64)
      local h = dma_map_single(dev, buf, 64, DMA_TO_DEVICE)
      dma_mapping_error(dev, h)
      writeq(h, dev.bar + 0x80)
      writeq(0x40000, dev.bar + 0x88)
      writel(64, dev.bar + 0x90)
      writel(1, dev.bar + 0x98)
      if flush then dev:wait() else run(500) end
      dma_unmap_single(dev, h, 64, DMA_TO_DEVICE)
      kfree(buf)
    end
  end
  local r = explore(stop_and_free(false))
  breaks(r, 1, "post")
  has(r.story[1], "the write to register 0x98 of edu came 640 cycles later, after the free")
  holds(explore(stop_and_free(true)), 2)
end)

-- Each choice can be the one that breaks a driver -------------------------------------------------

-- The flag is the last word the device writes; what it says is ready is loaded without a barrier.
test("a load without a barrier falls to one done early", function()
  local function wait_for_flag(barrier)
    return function()
      local va, dma = dma_alloc_coherent(dev, 64)
      memset(va, 0, 64)
      wmb()
      dev:start_write(dma, ("n"):rep(64))
      while load(va + 56) == 0 do run(20) end
      if barrier then dma_rmb() end
      local data = load(va)
      dev:wait()
      dma_free_coherent(dev, 64, va, dma)
      assert(data ~= 0, "old data")
    end
  end
  local r = explore(wait_for_flag(false), { rules = false, bound = 1 })
  breaks(r, 1, "early")
  has(r.story[1], "was done before its turn, with an earlier load: edu had not written there yet")
  holds(explore(wait_for_flag(true), { rules = false, bound = 1 }), 1)
end)

test("a doorbell without a barrier falls to a store that is passed", function()
  local function tell(barrier)
    return function()
      local va, dma = dma_alloc_coherent(dev, 64)
      dev:dma_read(dma, 8)
      writeq(dma, dev.bar + 0x80)
      writeq(0x40000, dev.bar + 0x88)
      writel(8, dev.bar + 0x90)
      writeq_relaxed(7, va)
      if barrier then wmb() end
      writel_relaxed(1, dev.bar + 0x98)
      run(1000)
      dev:wait()
      dma_free_coherent(dev, 64, va, dma)
      assert(dev:buffer():byte() == 7, "old data")
    end
  end
  local r = explore(tell(false), { rules = false, bound = 1 })
  breaks(r, 1, "reorder")
  has(r.story[1], "the store to register 0x98 of edu passed the older one to 0xffff8")
  holds(explore(tell(true), { rules = false, bound = 1 }), 1)
end)

-- OWN is set before the address: whether the card sees that is up to when it looks.
test("a card that polls reads a descriptor that is not ready", function()
  local nic = devices.nic
  local function send(own_first)
    return function()
      local buf = kmalloc(64)
      write(buf, ("s"):rep(64))
      local h = dma_map_single(nic, buf, 64, DMA_TO_DEVICE)
      if dma_mapping_error(nic, h) ~= 0 then error("the map failed", 0) end
      local ring, dma = dma_alloc_coherent(nic, 64)
      memset(ring, 0, 64)
      writeq(dma, nic.bar + 0x80)
      writel(4, nic.bar + 0x88)
      writel(2, nic.bar + 0x04)
      if own_first then writel_relaxed(0xa0000000, ring + 12) dma_wmb() end
      store(ring, h)
      store(ring + 8, 64, 4)
      dma_wmb()
      if not own_first then store(ring + 12, 0xa0000000, 4) end
      writel(1, nic.bar + 0x18)
      readl(nic.bar + 0x08)
      nic:wait()
      local sent = nic:sent()
      writel(0x80, nic.bar + 0x04)
      readl(nic.bar + 0x04)
      dma_unmap_single(nic, h, 64, DMA_TO_DEVICE)
      dma_free_coherent(nic, 64, ring, dma)
      kfree(buf)
      assert(sent == ("s"):rep(64), "something else was sent")
    end
  end
  holds(explore(send(true), { rules = false }), 2)
  machine { board = "arm64", ring_polling = true }
  breaks(explore(send(true), { rules = false }), 1, "fetch")
  holds(explore(send(false)), 2)
end)

test("a translation that was unmapped may be forgotten before the flush", function()
  machine { board = "arm64-smmu", iommu = "lazy" }
  local r = explore(function()
    local buf = kmalloc(64)
    local h = dma_map_single(dev, buf, 64, DMA_TO_DEVICE)
    if dma_mapping_error(dev, h) ~= 0 then error("the map failed", 0) end
    dev:dma_read(h, 8)
    dma_unmap_single(dev, h, 64, DMA_TO_DEVICE)
    assert(dev:dma_read(h, 8) ~= ("\xff"):rep(8), "all ones")
  end, { rules = false })
  breaks(r, 1, "iotlb")
end)

-- The same, always ---------------------------------------------------------------------------------

test("the same choices give the same trace, byte for byte", function()
  local fn = receive(true, false)
  local r = explore(fn, { rules = false })
  local texts = {}
  for i = 1, 2 do
    local first = select(2, core.trace())
    core.explore_open(false)
    core.explore_start()
    core.explore_run(fn, string.pack("<I4B", r.choices[1].question, r.choices[1].answer))
    texts[i] = told(first)
    core.explore_close()
  end
  local first = select(2, core.trace())
  pcall(replay, fn, r)
  same(texts[1], texts[2], "the second trace")
  has(texts[1], "nature.choice")
  -- Where the driver fails there is no end to come to; so far they are the same.
  same(told(first):sub(1, #texts[1]), texts[1], "the trace of replay")
end)

test("no deviation, no difference: a calm replay is the calm machine", function()
  right()
  local calm = told(1)
  machine { board = "arm64" }
  replay(right, {})
  same(told(1), calm, "the trace")
  same((core.nature()), "calm", "nature")
end)

local function shown(r)
  local parts = { r.verdict, r.runs, r.deviations or "", r.length or "", r.exhaustive }
  for _, c in ipairs(r.choices or {}) do parts[#parts + 1] = c.question .. "=" .. c.answer end
  for _, s in ipairs(r.story or {}) do parts[#parts + 1] = s end
  return table.concat(parts, "; ")
end

-- Long enough that the levels are shared.
local function long(fn)
  return function()
    for _ = 1, 4 do right() end
    return fn()
  end
end

test("however many processes share the work, the answer is the same", function()
  for _, fn in ipairs { receive(true, false), receive(true, true), impatient } do
    local one = explore(long(fn), { jobs = 1, rules = false })
    for jobs = 2, 3 do
      same(shown(explore(long(fn), { jobs = jobs, rules = false })), shown(one), "with " .. jobs)
    end
  end
end)

test("work that is shared ends with its last item", function()
  local began = core.seconds()
  for _ = 1, 10 do
    local list = require "share"(2, 30, function(i) return tostring(i) end)
    for i = 1, 30 do same(list[i], tostring(i), "the answer") end
  end
  assert(core.seconds() - began < 1.5, "ten small shares took " .. core.seconds() - began .. " s")
end)

test("explore leaves everything as it was", function()
  local buf = kmalloc(64)
  store(buf, 7)
  local first, next_event = core.trace()
  local cycle, found = cycles(), #violations("all")
  explore(receive(true, false))
  explore(right, { boards = { "tiny" } })
  same(select(2, core.trace()), next_event, "the next event")
  same(cycles(), cycle, "the clock")
  same(#violations("all"), found, "violations")
  same(load(buf), 7, "the buffer")
  same(core.board().arch, "arm64", "the board")
end)

-- Stopping ----------------------------------------------------------------------------------------

test("a limit of runs is kept, and said", function()
  local r = explore(long(receive(true, true)), { rules = false, runs = 2, samples = 0 })
  same(r.verdict, "stopped")
  same(r.stopped, "runs")
  assert(r.runs <= 2 and r.exhaustive == 0, r.exhaustive)
  has(tostring(r), ": the calm one; stopped")
end)

test("Ctrl-C keeps what was found", function()
  local plays = 0
  local r = explore(function()
    right()
    plays = plays + 1
    if plays == 3 then core.interrupt() end
  end, { jobs = 1 })
  same(r.verdict, "stopped")
  same(r.stopped, "interrupted")
  assert(r.runs >= 1)
  right()
end)

test("a function that does not do the same each time is refused", function()
  local round = 0
  local fine, why = pcall(explore, function()
    round = round + 1
    if round == 1 then right() end
  end, { jobs = 1 })
  same(fine, false)
  has(why, "the same each time")
end)

test("beyond the bound schedules are drawn at random, and shrunk", function()
  local r = explore(receive(true, false), { bound = 0, rules = false, samples = 200 })
  breaks(r, 1, "prefetch", "error")
  local again = explore(receive(true, false), { bound = 0, rules = false, samples = 200, jobs = 2 })
  same(shown(again), shown(r), "the second answer")
end)

-- That they cannot be done is said, and is no verdict.
test("no machine is switched on inside, nothing undone, nothing explored", function()
  for _, fn in ipairs { function() machine { board = "x86" } end, function() undo() end,
      function() explore(right) end } do
    local fine, why = pcall(explore, fn)
    same(fine, false, "explore")
    has(why, "in what explore plays\n")
  end
  same(core.board().arch, "arm64", "the machine")
end)

test("a driver that keeps something outside itself is told so", function()
  local played = 0
  local function changes()
    played = played + 1
    right()
    assert(played ~= 1, "the first time")
  end
  local fine, why = pcall(explore, changes)
  same(fine, false, "explore of what breaks once")
  has(why, "does not do the same")
  local function grows()
    played = played + 1
    run(played)
    kmalloc(8 * played)
    for _ = 1, played do mb() end
  end
  has(select(2, pcall(explore, grows)), "does not do the same")
end)

test("what a driver prints is not heard, and it may print again behind", function()
  local spoken, printed, out = 0, print, io.output()
  print = function() spoken = spoken + 1 end
  local r = explore(function()
    print("again")
    io.write("and again")
    return receive(true, true)()
  end)
  print("once")
  print = printed
  holds(r, 2)
  same(spoken, 1, "how often")
  same(io.output(), out, "the output")
end)

test("who holds is told what there is to mend all the same", function()
  local r = explore(function()
    dma_unmap_single(dev, dma_map_single(dev, kmalloc(64), 64, DMA_TO_DEVICE), 64, DMA_TO_DEVICE)
  end)
  holds(r, 2)
  same(table.concat(r.warnings, " "), "map-error-unchecked", "warned of")
  has(r, "warned of: map-error-unchecked")
  same(#explore(right).warnings, 0, "warnings of a right one")
end)

test("a story is shown as its sentences, and its choices by their names", function()
  local r = explore(receive(true, false))
  has(r.story, "  - the prefetcher read line")
  has(r.choices, "prefetch, answer 1, event " .. r.choices[1].event)
end)

test("the recording is of one board, and what cannot be kept is said", function()
  has(select(2, pcall(explore, right, { boards = "all", record = "x" })), "of one board")
  local r = explore(receive(true, false), { record = "/nowhere/x" })
  breaks(r, 1)
  has(r.unrecorded, "/nowhere/x")
  has(r, "it is not recorded")
  local file = os.tmpname()
  r = explore(receive(true, false), { record = file })
  same(r.recorded, file, "the file")
  has(r, "dmalab view " .. file .. " goes through this one; there /nature")
  os.remove(file)
end)

test("options are checked", function()
  for _, given in ipairs { { bund = 1 }, { bound = "x" }, { boards = 3 }, { jobs = -1 } } do
    same(pcall(explore, right, given), false, "explore with wrong options")
  end
end)

print(passed .. " passed, " .. failed .. " failed")
os.exit(failed == 0, true)
