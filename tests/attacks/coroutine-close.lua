-- A variable of a coroutine that ran out of instructions is closed where hooks are off.
-- comes to: done 0, used up its instructions
local function never() while true do end end
local function holds()
  local _ <close> = setmetatable({}, { __close = never })
  never()
end
function send()
  pcall(coroutine.wrap(holds))
  local co = coroutine.create(holds)
  coroutine.resume(co)
  coroutine.close(co)
end
