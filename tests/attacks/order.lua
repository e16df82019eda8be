-- The order in which keys lie, which is the order of addresses: something that is random.
-- comes to: done 0, have no order
function send()
  local set = {}
  for _ = 1, 8 do set[{}] = true end
  for key in next, set do return key end
end
