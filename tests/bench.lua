-- What a store() costs from Lua, beside an empty method of a userdata in the same run. bench.c
-- calls this with an object that has the method empty() and with a clock in seconds.
local object, clock = ...
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

return {
  empty = median(empty),
  unwatched = median(unwatched),
  ratio = median(ratio),
  watched = median(watched),
}
