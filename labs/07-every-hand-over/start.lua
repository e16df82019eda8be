-- An echo server with one buffer of n bytes. `rounds` times a packet comes, its first two words
-- of 8 bytes (who it is for, who it is from) are swapped, and the same buffer goes back as the
-- reply. Then one more packet comes: return its n bytes.
--
-- It is written by somebody who says: I synced, so the buffer is in sync.
function serve(dev, n, rounds)
  local buf = kmalloc(n)
  local h = dma_map_single(dev, buf, n, DMA_BIDIRECTIONAL)
  if dma_mapping_error(dev, h) ~= 0 then
    kfree(buf)
    return nil
  end
  dma_sync_single_for_cpu(dev, h, n, DMA_BIDIRECTIONAL)
  for _ = 1, rounds do
    arrives(h, n)
    local to, from = load(buf), load(buf + 8)
    store(buf, from)
    store(buf + 8, to)
    reply(h, n)
  end
  arrives(h, n)
  dma_sync_single_for_cpu(dev, h, n, DMA_BIDIRECTIONAL)
  dma_unmap_single(dev, h, n, DMA_BIDIRECTIONAL)
  local last = read(buf, n)
  kfree(buf)
  return last
end
