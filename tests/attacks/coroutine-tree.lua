-- Each coroutine begins to count anew: a tree of them, each doing less than anybody notices.
-- comes to: done 0, used up its instructions
local function grow()
  for _ = 1, 100 do coroutine.resume(coroutine.create(grow)) end
end
function send()
  while true do pcall(grow) end
end
