-- The two places where a kernel looks after the caches: before a transfer, when the device gets the
-- buffer, and after it, when the CPU gets it back. You write them for a new chip.
--
-- before(va, n, dir), after(va, n, dir): the buffer is n bytes at va; nothing else lies in its
-- lines. dir says where the data goes: DMA_TO_DEVICE (the device reads the buffer),
-- DMA_FROM_DEVICE (it writes it), DMA_BIDIRECTIONAL (it reads it, then writes it).
--
-- You have cache.clean(va, n), cache.invalidate(va, n) and cache.flush(va, n). They return nothing.

function before(va, n, dir)
  -- What the device reads has to be in memory. What it writes over needs nothing.
  if dir ~= DMA_FROM_DEVICE then cache.clean(va, n) end
end

function after(va, n, dir)
  -- What the device wrote is in memory: drop what the caches have instead.
  if dir ~= DMA_TO_DEVICE then cache.invalidate(va, n) end
end

-- foresee(back, old, new): a prediction, made before all else. The three lines of a buffer were
-- dirty: the CPU had stored old[1], old[2], old[3]. Then the device wrote new[1], new[2], new[3] to
-- memory. A cache wrote line i back to make room: back[i] is "before" the device wrote this line,
-- "after" it, or "never". At last the whole buffer was invalidated. Say what the CPU reads then:
-- three strings in one.
function foresee(back, old, new)
  predict("what does the CPU read?", table.concat(new))
end
