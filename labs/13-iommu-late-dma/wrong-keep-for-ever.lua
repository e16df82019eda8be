-- fails 4: left behind: 1 mapping
-- fails 5: predicted was "fault"
-- What the card may still write is never given back: safe, until nothing is left.
function receive(card, n, patience)
  local buf = kmalloc(n)
  local h = dma_map_single(card, buf, n, DMA_FROM_DEVICE)
  if dma_mapping_error(card, h) ~= 0 then kfree(buf) return nil end
  ask(h)
  if not card:wait(patience) then return nil end
  dma_unmap_single(card, h, n, DMA_FROM_DEVICE)
  local got = read(buf, n)
  kfree(buf)
  return got
end

function foresee(iommu)
  predict("a page the card had written to", iommu == "off" and "memory" or "fault")
  predict("a page the card had not used", iommu == "off" and "memory" or "fault")
end
