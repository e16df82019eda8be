local gallery = require "gallery"

local map, filled = gallery.map, gallery.filled

return gallery {
  row = 11,
  driver = "nvme-pci",
  commit = "fa0732168fa1369dd089e5b06d6158a68229f7b7",
  wrong = "where the third of three maps failed, the two before it were unmapped by two error " ..
      "paths",
  rule = "unmap-unknown",

  broken = function()
    local handles = { map(filled(64, "a"), 64, DMA_TO_DEVICE), map(filled(64, "b"), 64, DMA_TO_DEVICE) }
    local function unwind()
      for _, h in ipairs(handles) do dma_unmap_single(dev, h, 64, DMA_TO_DEVICE) end
    end
    unwind()     -- of the function that mapped
    unwind()     -- of its caller
  end,

  mended = function()
    local handles = { map(filled(64, "a"), 64, DMA_TO_DEVICE), map(filled(64, "b"), 64, DMA_TO_DEVICE) }
    local function unwind()
      while #handles > 0 do dma_unmap_single(dev, table.remove(handles), 64, DMA_TO_DEVICE) end
    end
    unwind()
    unwind()
  end,
}
