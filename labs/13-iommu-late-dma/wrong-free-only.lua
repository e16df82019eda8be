-- fails 3: free-mapped
-- fails 4: left behind: 1 mapping
local COMMAND, STOP = 0x2c, 0

function receive(card, n, patience)
  local buf = kmalloc(n)
  local h = dma_map_single(card, buf, n, DMA_FROM_DEVICE)
  if dma_mapping_error(card, h) ~= 0 then kfree(buf) return nil end
  ask(h)
  if not card:wait(patience) then
    writel(STOP, card.bar + COMMAND)
    readl(card.bar + COMMAND)
    kfree(buf)
    return nil
  end
  dma_unmap_single(card, h, n, DMA_FROM_DEVICE)
  local got = read(buf, n)
  kfree(buf)
  return got
end

function foresee(iommu, gap, flush)
  local stopped = iommu == "strict" or iommu == "lazy" and gap > flush
  predict("where does the late write go?", stopped and "fault" or "memory")
end
