local gallery = require "gallery"

-- A list of n pages that follow each other, as an IOMMU likes to merge them.
local function pages(n)
  local first = alloc_pages(GFP_KERNEL, 2) or error("no memory", 0)
  local sg = scatterlist(n)
  sg_init_table(sg, n)
  for i = 0, n - 1 do sg_set_page(sg[i], first + 64 * i, 4096, 0) end
  return sg, first
end

return gallery {
  row = 35,
  driver = "serial pch_uart; likewise HID intel-thc, crypto rockchip, mmc mvsdio",
  subject = "the same class, 2025",
  commit = "2847ff27889f",
  wrong = "the list was synced with the number dma_map_sg had answered",
  rule = "sync-nents",
  machine = { board = "arm64-smmu" },

  broken = function()
    local sg = pages(4)
    local n = dma_map_sg(dev, sg, 4, DMA_FROM_DEVICE)
    if n == 0 then return end
    for s in for_each_sg(sg, n) do dev:dma_write(sg_dma_address(s), "received") end
    dma_sync_sg_for_cpu(dev, sg, n, DMA_FROM_DEVICE)
    dma_unmap_sg(dev, sg, 4, DMA_FROM_DEVICE)
  end,

  mended = function()
    local sg, first = pages(4)
    local n = dma_map_sg(dev, sg, 4, DMA_FROM_DEVICE)
    if n == 0 then return end
    for s in for_each_sg(sg, n) do dev:dma_write(sg_dma_address(s), "received") end
    dma_sync_sg_for_cpu(dev, sg, 4, DMA_FROM_DEVICE)
    gallery.check(read(sg_virt(sg[0]), 8), "received", "the first page")
    dma_unmap_sg(dev, sg, 4, DMA_FROM_DEVICE)
    __free_pages(first, 2)
  end,
}
