-- What cannot be handed over: tables without end, of too many, of functions; a million answers.
-- comes to: done 0, a value cannot be handed over
local round = {}
round[1], round[round] = round, round
local many, deep = {}, {}
for i = 1, 20000 do many[i] = i end
for _ = 1, 1000 do deep = { deep } end
function send()
  for _, value in ipairs { round, many, deep, { print }, { [print] = 1 }, print, coroutine.create(print),
      ("x"):rep(5 << 20), { ("x"):rep(1 << 20), ("x"):rep(4 << 20) } } do
    if pcall(predict, "q", value) then error("handed over") end
    if pcall(predict, value, 1) then error("handed over") end
  end
  pcall(predict, "q", table.unpack(many, 1, 9000))
  return table.unpack(many)
end
