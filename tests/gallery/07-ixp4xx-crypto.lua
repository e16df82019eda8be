local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 7,
  driver = "drivers/crypto ixp4xx",
  commit = "9395c58fdddd79cdd3882132cdd04e8ac7ad525f",
  wrong = "the address field of the descriptor was never filled in, so address 0 was unmapped",
  rule = "unmap-unknown",

  broken = function()
    local desc = { phys_addr = 0, length = 24 }
    local buf = filled(24, "c")
    dev:dma_read(map(buf, 24, DMA_TO_DEVICE), 24)
    dma_unmap_single(dev, desc.phys_addr, desc.length, DMA_TO_DEVICE)
  end,

  mended = function()
    local buf = filled(24, "c")
    local desc = { phys_addr = map(buf, 24, DMA_TO_DEVICE), length = 24 }
    gallery.check(dev:dma_read(desc.phys_addr, 24), ("c"):rep(24), "the block")
    dma_unmap_single(dev, desc.phys_addr, desc.length, DMA_TO_DEVICE)
    kfree(buf)
  end,
}
