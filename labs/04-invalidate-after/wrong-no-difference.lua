-- fails 1: what the device read is
-- Takes the three words for one: what the device should read is dropped.
function before(va, n, dir)
  cache.invalidate(va, n)
end

function after(va, n, dir)
  cache.invalidate(va, n)
end

function foresee(back, old, new)
  local lines = {}
  for i, when in ipairs(back) do lines[i] = when == "after" and old[i] or new[i] end
  predict("what does the CPU read?", table.concat(lines))
end
