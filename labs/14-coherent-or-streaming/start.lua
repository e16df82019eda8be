-- A device delivers pictures, shows what the CPU made of them, and counts in a mailbox.

-- pictures(dev, n, count): for each of `count` pictures of n bytes, let the device deliver it, make
-- all letters in it capitals, and let the device show it.
--   device_delivers(h)   the device writes a picture of n bytes to bus address h
--   device_shows(h)      the device reads a picture of n bytes from there
function pictures(dev, n, count)
  -- Coherent memory: no cache, so nothing can go wrong.
  local buf, h = dma_alloc_coherent(dev, n)
  if not buf then return end
  for _ = 1, count do
    device_delivers(h)
    write(buf, read(buf, n):upper())
    device_shows(h)
  end
  dma_free_coherent(dev, n, buf, h)
end

-- mailbox(dev, rounds): a box of 16 bytes. In round i the device stores its next number to the second
-- word, some time; until it has, the CPU stores i to the first word again and again, as a sign of
-- life. Return the list of the device's numbers, as the CPU saw them: each is another, none is 0.
--   device_counts(h)     the device will store its next number, 8 bytes, to bus address h
--   device_looks(h)      the device reads the CPU's number, 8 bytes, at bus address h
function mailbox(dev, rounds)
  local box = kzalloc(16)
  local h = dma_map_single(dev, box, 16, DMA_BIDIRECTIONAL)
  if dma_mapping_error(dev, h) ~= 0 then kfree(box) return {} end
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
  dma_unmap_single(dev, h, 16, DMA_BIDIRECTIONAL)
  kfree(box)
  return seen
end

-- foresee(snoops, look): the device has written to a buffer, and the CPU looks at its first `look`
-- bytes. Predict which memory costs the CPU fewer cycles then: "coherent", "streaming" (with the
-- sync it needs) or "same". Both were allocated long ago. snoops: does the device listen to the
-- caches?
function foresee(snoops, look)
  predict("which way is cheaper?", "streaming")
end
