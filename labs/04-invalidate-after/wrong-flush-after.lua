-- fails 1: what the CPU read is
-- Takes flush for another word for invalidate: it writes the old stores over the device's bytes.
function before(va, n, dir)
  if dir ~= DMA_FROM_DEVICE then cache.clean(va, n) end
end

function after(va, n, dir)
  if dir ~= DMA_TO_DEVICE then cache.flush(va, n) end
end

function foresee(back, old, new)
  local lines = {}
  for i, when in ipairs(back) do lines[i] = when == "after" and old[i] or new[i] end
  predict("what does the CPU read?", table.concat(lines))
end
