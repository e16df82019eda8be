local gallery = require "gallery"

local pages = gallery.pages

return gallery {
  row = 34,
  driver = "mmc bcm2835",
  subject = "mmc: bcm2835: Fix dma_unmap_sg() nents value",
  commit = "f5841bfa80c396ea854e245f133706127dfa82b9",
  wrong = "the list was unmapped with the number dma_map_sg had answered",
  rule = "unmap-nents",
  machine = { board = "arm64-smmu" },

  broken = function()
    local sg = pages(4)
    local n = dma_map_sg(dev, sg, 4, DMA_TO_DEVICE)
    if n == 0 then return end
    for s in for_each_sg(sg, n) do dev:dma_read(sg_dma_address(s), 8) end
    dma_unmap_sg(dev, sg, n, DMA_TO_DEVICE)
  end,

  mended = function()
    local sg, first = pages(4)
    local n = dma_map_sg(dev, sg, 4, DMA_TO_DEVICE)
    if n == 0 then return end
    for s in for_each_sg(sg, n) do dev:dma_read(sg_dma_address(s), 8) end
    dma_unmap_sg(dev, sg, 4, DMA_TO_DEVICE)
    __free_pages(first, 2)
  end,
}
