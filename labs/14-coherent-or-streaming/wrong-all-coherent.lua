-- fails 5: cycles; all the points up to
function pictures(dev, n, count)
  local buf, h = dma_alloc_coherent(dev, n)
  for _ = 1, count do
    device_delivers(h)
    write(buf, read(buf, n):upper())
    device_shows(h)
  end
  dma_free_coherent(dev, n, buf, h)
end

function mailbox(dev, rounds)
  local box, h = dma_alloc_coherent(dev, 16)
  local seen, last = {}, 0
  for i = 1, rounds do
    device_counts(h + 8)
    for _ = 1, 200 do
      store(box, i)
      local number = load(box + 8)
      if number ~= last then
        seen[i], last = number, number
        break
      end
      run(100)
    end
    device_looks(h)
  end
  dma_free_coherent(dev, 16, box, h)
  return seen
end

function foresee(snoops, look)
  if snoops then
    predict("which way is cheaper?", "same")
  else
    predict("which way is cheaper?", look <= 8 and "coherent" or "streaming")
  end
end
