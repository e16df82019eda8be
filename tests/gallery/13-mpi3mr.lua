local gallery = require "gallery"

return gallery {
  row = 13,
  driver = "scsi mpi3mr",
  commit = "7d2b02172b6a2ae6aecd7ef6480b9c4bf3dc59f4",
  wrong = "the page for the configuration was never given back",
  rule = "leak",

  broken = function()
    local config, dma = dma_alloc_coherent(dev, 4096)
    store(config, 0x1)
    dev:dma_read(dma, 8)
  end,

  mended = function()
    local config, dma = dma_alloc_coherent(dev, 4096)
    store(config, 0x1)
    wmb()
    gallery.check(dev:dma_read(dma, 8), string.pack("<I8", 1), "the page")
    dma_free_coherent(dev, 4096, config, dma)
  end,
}
