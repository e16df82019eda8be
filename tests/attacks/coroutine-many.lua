-- Coroutines by the thousand, resumed in turn, wrap inside wrap.
-- comes to: done 0, used up its instructions
local function nest(n)
  if n > 0 then return coroutine.wrap(nest)(n - 1) end
  while true do coroutine.yield() end
end
function send()
  local all = {}
  while true do
    pcall(nest, 100)
    for i = 1, 1000 do all[i] = coroutine.wrap(nest) end
    for i = 1, 1000 do pcall(all[i], 50) end
  end
end
