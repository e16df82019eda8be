local gallery = require "gallery"

return gallery {
  row = 61,
  driver = "ath11k",
  subject = "a false positive of dma-debug, mended by the type noncoherent",
  wrong = "nothing: memory of dma_alloc_noncoherent needs no dma_mapping_error; older " ..
      "dma-debug asked for it",

  broken = function()
    local va, dma = dma_alloc_noncoherent(dev, 4096, DMA_BIDIRECTIONAL)
    dma_free_noncoherent(dev, 4096, va, dma, DMA_BIDIRECTIONAL)
  end,

  mended = function()
    local va, dma = dma_alloc_noncoherent(dev, 4096, DMA_BIDIRECTIONAL)
    store(va, 7)
    dma_sync_single_for_device(dev, dma, 4096, DMA_BIDIRECTIONAL)
    gallery.check(dev:dma_read(dma, 8), string.pack("<I8", 7), "the word")
    dma_free_noncoherent(dev, 4096, va, dma, DMA_BIDIRECTIONAL)
  end,
}
