-- fails 3: unmap-active
local COMMAND, STOP = 0x2c, 0

function receive(card, n, patience)
  local buf = kmalloc(n)
  local h = dma_map_single(card, buf, n, DMA_FROM_DEVICE)
  if dma_mapping_error(card, h) ~= 0 then kfree(buf) return nil end
  ask(h)
  local in_time = card:wait(patience)
  if not in_time then writel(STOP, card.bar + COMMAND) end
  dma_unmap_single(card, h, n, DMA_FROM_DEVICE)
  local got = in_time and read(buf, n) or nil
  kfree(buf)
  return got
end

function foresee(iommu)
  predict("a page the card had written to", iommu == "strict" and "fault" or "memory")
  predict("a page the card had not used", iommu == "off" and "memory" or "fault")
end
