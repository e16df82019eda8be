local gallery = require "gallery"

local pages = gallery.pages

return gallery {
  row = 38,
  driver = "drm amdgpu userptr",
  subject = "regression after be62dbf554c5",
  wrong = "as many segments as entries were expected, so merged ones looked like a failure",
  rule = "leak",
  machine = { board = "arm64-smmu" },

  broken = function()
    local sg = pages(4)
    local n = dma_map_sg(dev, sg, 4, DMA_BIDIRECTIONAL)
    if n ~= 4 then return end            -- "pinning failed"
    dma_unmap_sg(dev, sg, 4, DMA_BIDIRECTIONAL)
  end,

  mended = function()
    local sg, first = pages(4)
    local n = dma_map_sg(dev, sg, 4, DMA_BIDIRECTIONAL)
    if n == 0 then return end
    for s in for_each_sg(sg, n) do dev:dma_read(sg_dma_address(s), 8) end
    dma_unmap_sg(dev, sg, 4, DMA_BIDIRECTIONAL)
    __free_pages(first, 2)
  end,
}
