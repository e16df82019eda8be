-- The driver of a card that delivers packets, on three machines.

-- receive(card, n, patience): get a packet of n bytes from the card and return it as a string, or
-- nil when the card has not delivered it after `patience` cycles.
--   ask(h)            tells the card to write its next packet to bus address h; it begins at once
--   card:wait(cycles) waits until the card is done, at most so long: true, or false if it is not
--   card.bar          its registers, for writel and readl: help("crypto") lists them
function receive(card, n, patience)
  local buf = kmalloc(n)
  local h = dma_map_single(card, buf, n, DMA_FROM_DEVICE)
  if dma_mapping_error(card, h) ~= 0 then kfree(buf) return nil end
  ask(h)
  local in_time = card:wait(patience)
  -- Too late is too late: nobody will look at this buffer any more, so it can go.
  dma_unmap_single(card, h, n, DMA_FROM_DEVICE)
  local got = in_time and read(buf, n) or nil
  kfree(buf)
  return got
end

-- foresee(iommu): predict what becomes of a write that comes after the unmap: "memory" (the bytes
-- arrive) or "fault" (the IOMMU stops them). iommu is "off", "strict" or "lazy".
function foresee(iommu)
  predict("a page the card had written to", "fault")
  predict("a page the card had not used", "fault")
end
