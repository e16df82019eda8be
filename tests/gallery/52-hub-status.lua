local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 52,
  driver = "usb core hub status, dwc3",
  subject = "bug 215740: cacheline tracking EEXIST with len 4",
  wrong = "two buffers of 4 bytes lay in one line, and both were mapped",
  rule = "line-shared",

  broken = function()
    local page = page_address(alloc_pages(GFP_KERNEL, 0))
    local status = map(page, 4, DMA_FROM_DEVICE)
    local event = map(page + 4, 4, DMA_FROM_DEVICE)
    dma_unmap_single(dev, status, 4, DMA_FROM_DEVICE)
    dma_unmap_single(dev, event, 4, DMA_FROM_DEVICE)
  end,

  mended = function()
    local a, b = kmalloc(4), kmalloc(4)
    local status, event = map(a, 4, DMA_FROM_DEVICE), map(b, 4, DMA_FROM_DEVICE)
    dev:dma_write(status, "stat")
    dev:dma_write(event, "evnt")
    dma_unmap_single(dev, status, 4, DMA_FROM_DEVICE)
    dma_unmap_single(dev, event, 4, DMA_FROM_DEVICE)
    gallery.check(read(a, 4) .. read(b, 4), "statevnt", "the status")
    kfree(a)
    kfree(b)
  end,
}
