function serve(dev, n, rounds)
  local buf = kmalloc(n)
  local h = dma_map_single(dev, buf, n, DMA_BIDIRECTIONAL)
  if dma_mapping_error(dev, h) ~= 0 then
    kfree(buf)
    return nil
  end
  for _ = 1, rounds do
    arrives(h, n)
    dma_sync_single_for_cpu(dev, h, n, DMA_BIDIRECTIONAL)
    local to, from = load(buf), load(buf + 8)
    store(buf, from)
    store(buf + 8, to)
    dma_sync_single_for_device(dev, h, n, DMA_BIDIRECTIONAL)
    reply(h, n)
  end
  arrives(h, n)
  dma_unmap_single(dev, h, n, DMA_BIDIRECTIONAL)
  local last = read(buf, n)
  kfree(buf)
  return last
end
