-- Work that several processes share: the strings one(1) .. one(n) answers, by their number. Each
-- process takes the next number nobody has taken, so none waits for a slower one; they say what they
-- have some items at a time.
--
-- progress(done) is called now and then; when it answers true the work ends, and what is not there
-- yet is missing in the list.

local ITEM = "<I4s4"       -- number, string
local SOME = 32

local function work(n, one, take)
  local items = {}
  local i = take()
  while i <= n do
    items[#items + 1] = ITEM:pack(i, one(i))
    if #items == SOME then
      core.say(table.concat(items))
      items = {}
    end
    i = take()
  end
  core.say(table.concat(items))
end

local function put(list, said)
  local at, count = 1, 0
  while at <= #said do
    local i, words
    i, words, at = ITEM:unpack(said, at)
    list[i], count = words, count + 1
  end
  return count
end

local function dismiss(workers)
  for who in pairs(workers) do core.child_end(who) end
  while next(workers) do
    local who, what = core.child_next()
    if not who then return end
    if what == "ended" then workers[who] = nil end
  end
end

return function(jobs, n, one, progress)
  local list, done, workers, take = {}, 0, {}, core.counter()
  for _ = 1, jobs do
    local who = core.child(function() work(n, one, take) end)
    if who then workers[who] = true end
  end
  local enough = next(workers) == nil
  while next(workers) and not enough do
    local who, what, said = core.child_next(0.2)
    if what == "said" then done = done + put(list, said) end
    if what == "ended" then workers[who] = nil end
    enough = progress and progress(done)
  end
  dismiss(workers)
  return list
end
