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
  row = 36,
  driver = "serial msm_serial",
  subject = "the result of dma_map_sg treated as errno",
  wrong = "the number of segments was taken for an error number, so success looked like failure",
  rule = "leak",

  broken = function()
    local sg = pages(2)
    local ret = dma_map_sg(dev, sg, 2, DMA_TO_DEVICE)
    if ret ~= 0 then return end          -- "it failed"
    dma_unmap_sg(dev, sg, 2, DMA_TO_DEVICE)
  end,

  mended = function()
    local sg, first = pages(2)
    local n = dma_map_sg(dev, sg, 2, DMA_TO_DEVICE)
    if n == 0 then return end
    for s in for_each_sg(sg, n) do dev:dma_read(sg_dma_address(s), 8) end
    dma_unmap_sg(dev, sg, 2, DMA_TO_DEVICE)
    __free_pages(first, 2)
  end,
}
