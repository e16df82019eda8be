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
