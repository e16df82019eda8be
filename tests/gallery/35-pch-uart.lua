local gallery = require "gallery"

local pages = gallery.pages

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
