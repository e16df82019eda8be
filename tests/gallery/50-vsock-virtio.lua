local gallery = require "gallery"

local map = gallery.map

return gallery {
  row = 50,
  driver = "vsock virtio",
  subject = "2026: event_list next to event_run and guest_cid",
  wrong = "event_run and guest_cid lay in the lines of event_list, which the device writes",
  rule = "line-shared",

  broken = function()
    local vsock = kzalloc(256)
    local event_list, guest_cid = vsock, vsock + 24
    local dma = map(event_list, 24, DMA_FROM_DEVICE)
    store(guest_cid, 3)
    dev:dma_write(dma, ("e"):rep(24))
    dma_unmap_single(dev, dma, 24, DMA_FROM_DEVICE)
  end,

  mended = function()
    local room = gallery.whole_lines(24)
    local vsock = kzalloc(room + 4)
    local event_list, guest_cid = vsock, vsock + room
    local dma = map(event_list, 24, DMA_FROM_DEVICE)
    store(guest_cid, 3, 4)
    dev:dma_write(dma, ("e"):rep(24))
    dma_unmap_single(dev, dma, 24, DMA_FROM_DEVICE)
    gallery.check(load(guest_cid, 4), 3, "guest_cid")
    gallery.check(read(event_list, 24), ("e"):rep(24), "the events")
    kfree(vsock)
  end,
}
