-- What a store() costs from Lua, beside an empty method of a userdata in the same run. bench.c
-- calls this with an object that has the method empty() and with a clock in seconds.
local object, clock, blind = ...
local rounds, calls = 9, 1000000

local function median(values)
  table.sort(values)
  return values[#values // 2 + 1]
end

-- Each loop calls a global, or a method, the way a script does.
local function empty_loop(n)
  local start = clock()
  for _ = 1, n do object:empty() end
  return (clock() - start) / n * 1e9
end

local function store_loop(va, n)
  local start = clock()
  for i = 1, n do store(va, i) end
  return (clock() - start) / n * 1e9
end

local va = kmalloc(64)
store(va, 1)

local watched = {}
for round = 1, rounds do
  watched[round] = store_loop(va, calls // 50)
end

unwatch()
store(va, 1)
local empty, unwatched, ratio = {}, {}, {}
for round = 1, rounds do
  empty[round] = empty_loop(calls)
  unwatched[round] = store_loop(va, calls)
  ratio[round] = unwatched[round] / empty[round]
end

-- A driver that sends 256 bytes and receives 256, with every call it has to make.
local data, dev = ("d"):rep(256), dev
local function transfers(n)
  local buf = kmalloc(256)
  local start = clock()
  for _ = 1, n do
    write(buf, data)
    local h = dma_map_single(dev, buf, 256, DMA_TO_DEVICE)
    dma_mapping_error(dev, h)
    dev:dma_read(h, 256)
    dma_unmap_single(dev, h, 256, DMA_TO_DEVICE)
    h = dma_map_single(dev, buf, 256, DMA_FROM_DEVICE)
    dma_mapping_error(dev, h)
    dev:dma_write(h, data)
    dma_unmap_single(dev, h, 256, DMA_FROM_DEVICE)
    read(buf, 256)
  end
  return (clock() - start) / n * 1e6
end

local checked, share = {}, {}
for round = 1, rounds do
  core.power_on {}
  checked[round] = transfers(500)
  core.power_on {}
  blind()
  share[round] = checked[round] / transfers(500)
end

return {
  checked = median(checked),
  checker = median(share),
  empty = median(empty),
  unwatched = median(unwatched),
  ratio = median(ratio),
  watched = median(watched),
}
