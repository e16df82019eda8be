local gallery = require "gallery"

return gallery {
  row = 14,
  driver = "net enetc VF",
  subject = "pending DMA allocations when the virtual function goes",
  wrong = "the 2048 bytes of the ring were pending when sriov_numvfs was set to 0",
  rule = "leak",

  broken = function()
    local ring = dma_alloc_coherent(dev, 2048)
    store(ring, 0)
  end,

  mended = function()
    local ring, dma = dma_alloc_coherent(dev, 2048)
    store(ring, 0)
    dma_free_coherent(dev, 2048, ring, dma)
  end,
}
