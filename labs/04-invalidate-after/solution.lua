function before(va, n)
  cache.clean(va, n)
end

function after(va, n, dir)
  if dir ~= DMA_TO_DEVICE then cache.invalidate(va, n) end
end

function foresee(back, old, new)
  local lines = {}
  for i, when in ipairs(back) do lines[i] = when == "after" and old[i] or new[i] end
  predict("what does the CPU read?", table.concat(lines))
end
