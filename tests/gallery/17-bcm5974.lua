local gallery = require "gallery"

-- The packets come by an urb with a coherent buffer; the flags say what usbcore is to do with it.
local function listen(flags)
  local va, dma = usb_alloc_coherent(dev, 64)
  local urb = usb_alloc_urb()
  usb_fill_bulk_urb(urb, dev, usb_rcvbulkpipe(dev, 1), va, 64)
  urb.transfer_dma, urb.transfer_flags = dma, flags
  usb_answer(dev, ("t"):rep(64))
  if usb_submit_urb(urb) == 0 then
    usb_hcd_irq(dev)
    gallery.check(read(va, 64), ("t"):rep(64), "the packet")
  end
  usb_free_coherent(dev, 64, va, dma)
end

-- On a PC coherent memory lies in the linear map, so that it can be mapped again at all. Elsewhere
-- it is vmalloc memory to dma_map_single, and usbcore refuses the urb.
return gallery {
  row = 17,
  driver = "input bcm5974",
  subject = "bug 215890: transfer buffer not dma capable",
  wrong = "URB_NO_TRANSFER_DMA_MAP was not set, so usbcore mapped a buffer that had its DMA " ..
      "address already",
  rule = "coherent-alias",
  machine = { board = "x86" },

  broken = function() listen(0) end,

  mended = function() listen(URB_NO_TRANSFER_DMA_MAP) end,
}
