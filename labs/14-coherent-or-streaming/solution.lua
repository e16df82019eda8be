function pictures(dev, n, count)
  local buf = kmalloc(n)
  local h = dma_map_single(dev, buf, n, DMA_BIDIRECTIONAL)
  if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return end
  for _ = 1, count do
    device_delivers(h)
    dma_sync_single_for_cpu(dev, h, n, DMA_BIDIRECTIONAL)
    write(buf, read(buf, n):upper())
    dma_sync_single_for_device(dev, h, n, DMA_BIDIRECTIONAL)
    device_shows(h)
  end
  dma_unmap_single(dev, h, n, DMA_BIDIRECTIONAL)
  kfree(buf)
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
