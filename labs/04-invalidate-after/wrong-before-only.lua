-- fails 2: stale-read
-- Drops the lines before the transfer, and takes it that they stay away.
function before(va, n, dir)
  cache.flush(va, n)
end

function after(va, n, dir)
end

function foresee(back, old, new)
  local lines = {}
  for i, when in ipairs(back) do lines[i] = when == "after" and old[i] or new[i] end
  predict("what does the CPU read?", table.concat(lines))
end
