-- fails 4: bytes of cache lines maintained
-- fails 5: predicted was
-- Right, for it does everything everywhere; and it takes every line written back for lost.
function before(va, n, dir)
  cache.flush(va, n)
end

function after(va, n, dir)
  cache.flush(va, n)
end

function foresee(back, old)
  predict("what does the CPU read?", table.concat(old))
end
