local gallery = require "gallery"

local pages = gallery.pages

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
