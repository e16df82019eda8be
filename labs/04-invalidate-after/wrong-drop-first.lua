-- fails 3: cpu-data-lost
-- Throws the stores away before the transfer: a device that writes less than n bytes leaves what
-- memory held before them.
function before(va, n, dir)
  if dir == DMA_FROM_DEVICE then
    cache.invalidate(va, n)
  else
    cache.clean(va, n)
  end
end

function after(va, n, dir)
  if dir ~= DMA_TO_DEVICE then cache.invalidate(va, n) end
end

function foresee(back, old, new)
  local lines = {}
  for i, when in ipairs(back) do lines[i] = when == "after" and old[i] or new[i] end
  predict("what does the CPU read?", table.concat(lines))
end
