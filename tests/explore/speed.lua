-- How fast explore is, and how the number of schedules grows with the driver: a part of `make
-- bench`. A round of the driver is 10 calls: it
-- receives 64 bytes twice.
--
-- usage: dmalab run tests/explore/speed.lua

core.announce = nil

local N, RUNS, ROUNDS = 64, 4000, 5
local D = ("d"):rep(N)

local function round()
  local buf = kmalloc(N)
  local h = dma_map_single(dev, buf, N, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then error("the map failed", 0) end
  dev:dma_write(h, D)
  dma_sync_single_for_cpu(dev, h, N, DMA_FROM_DEVICE)
  if read(buf, N) ~= D then error("wrong data", 0) end
  dma_sync_single_for_device(dev, h, N, DMA_FROM_DEVICE)
  dev:dma_write(h, D)
  dma_unmap_single(dev, h, N, DMA_FROM_DEVICE)
  kfree(buf)
end

local function driver(rounds)
  return function()
    for _ = 1, rounds do round() end
  end
end

local function median(values)
  table.sort(values)
  return values[#values // 2 + 1]
end

-- Schedules a second: the calm one again and again, as good as any.
local function rate(fn, jobs)
  local rates = {}
  core.explore_open(false)
  core.explore_start()
  local function one() return (core.explore_run(fn, "")) end
  for i = 1, ROUNDS do
    -- Alone: by the time this process got, whatever else the host does.
    local clock = jobs == 1 and os.clock or core.seconds
    local began = clock()
    if jobs == 1 then
      for _ = 1, RUNS do one() end
    else
      require "share"(jobs, RUNS, one)
    end
    rates[i] = RUNS / (clock() - began)
  end
  core.explore_close()
  return median(rates)
end

local function row(what, value, unit, aim)
  print(("  %-52s %9s %-12s %s"):format(what, value, unit, aim or ""))
end

machine { board = "arm" }
row("schedules of a driver of 20 calls, one process", ("%.0f"):format(rate(driver(2), 1)), "/s",
    "aim: 20000")
row("the same, two processes", ("%.0f"):format(rate(driver(2), 2)), "/s")
row("schedules of a driver of 40 calls, one process", ("%.0f"):format(rate(driver(4), 1)), "/s")
row("runs of a function that does nothing", ("%.0f"):format(rate(function() end, 1)), "/s")

-- By how many calls: the schedules with up to 1 and 2 deviations, asked sparingly; and those with 1
-- when asked at every step.
for _, rounds in ipairs { 1, 2, 4, 8 } do
  local few = explore(driver(rounds), { samples = 0 })
  local all = explore(driver(rounds), { samples = 0, bound = 1, thorough = true })
  row(("driver of %d calls, up to 1 and 2 deviations"):format(10 * rounds),
      1 + few.by_level[1] .. ", " .. few.runs, "schedules",
      ("asked everywhere: %d, about %d"):format(all.runs, all.by_level[1] ^ 2 // 2))
end
