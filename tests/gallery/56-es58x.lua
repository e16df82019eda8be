local gallery = require "gallery"
local parts = require "parts"

-- An urb with a coherent buffer, done in the handler; what is left to do then is complete's.
local function receive(complete)
  local va, dma = usb_alloc_coherent(dev, 64)
  local urb, done = usb_alloc_urb(), init_completion()
  usb_fill_bulk_urb(urb, dev, usb_rcvbulkpipe(dev, 1), va, 64, complete)
  urb.transfer_dma, urb.transfer_flags = dma, URB_NO_TRANSFER_DMA_MAP
  usb_answer(dev, ("c"):rep(64))
  request_irq(dev, parts.handler(done, function() usb_hcd_irq(dev) end))
  usb_submit_urb(urb)
  dev:wait()
  writel(1, dev.bar + 0x60)              -- the controller interrupts
  wait_for_completion(done)
  free_irq(dev)
  return urb
end

local function free(urb) usb_free_coherent(dev, 64, urb.transfer_buffer, urb.transfer_dma) end

return gallery {
  row = 56,
  driver = "can es58x, usb dwc2",
  subject = "WARN_ON(irqs_disabled()) in dma_free_attrs",
  wrong = "the callback of an urb, which runs in the interrupt, freed its coherent buffer",
  rule = "coherent-free-atomic",

  broken = function() receive(free) end,

  mended = function()
    local urb = receive(nil)
    gallery.check(read(urb.transfer_buffer, 64), ("c"):rep(64), "the frame")
    free(urb)
  end,
}
