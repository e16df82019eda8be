-- fails 2: the number
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
  local box = kzalloc(16)
  local h = dma_map_single(dev, box, 16, DMA_BIDIRECTIONAL)
  if dma_mapping_error(dev, h) ~= 0 then kfree(box) return end
  local seen, last = {}, 0
  for i = 1, rounds do
    device_counts(h + 8)
    for _ = 1, 200 do
      dma_sync_single_for_cpu(dev, h, 16, DMA_BIDIRECTIONAL)
      store(box, i)
      local number = load(box + 8)
      dma_sync_single_for_device(dev, h, 16, DMA_BIDIRECTIONAL)
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

function foresee(snoops, look)
  if snoops then
    predict("which way is cheaper?", "same")
  else
    predict("which way is cheaper?", look <= 8 and "coherent" or "streaming")
  end
end
