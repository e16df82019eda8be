local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 10,
  driver = "rdma mlx5",
  subject = "deregistering an IB_MR_TYPE_DM region",
  wrong = "a field of a union was read as the handle of a mapping, for an object that never " ..
      "had one",
  rule = "unmap-unknown",

  broken = function()
    local mr = { type = "IB_MR_TYPE_DM", dm_start = 0x40000 }
    dma_unmap_single(dev, mr.dm_start, 4096, DMA_BIDIRECTIONAL)
  end,

  mended = function()
    local page = page_address(alloc_pages(GFP_KERNEL, 0))
    write(page, ("d"):rep(4096))
    local mrs = {
      { type = "IB_MR_TYPE_DM", dm_start = 0x40000 },
      { type = "IB_MR_TYPE_USER", dma = map(page, 4096, DMA_BIDIRECTIONAL) },
    }
    gallery.check(dev:dma_read(mrs[2].dma, 16), ("d"):rep(16), "the region")
    for _, mr in ipairs(mrs) do
      if mr.dma then dma_unmap_single(dev, mr.dma, 4096, DMA_BIDIRECTIONAL) end
    end
    free_pages(page, 0)
  end,
}
