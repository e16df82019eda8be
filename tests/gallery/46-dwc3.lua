local gallery = require "gallery"

local send = gallery.send_segment

return gallery {
  row = 46,
  driver = "usb dwc3",
  commit = "8bbae288a85abed6a1cf7d185d8b9dc2f5dcb12c",
  wrong = "a segment of 86016 bytes was mapped, and nobody had said that the device takes more " ..
      "than 64 KiB",
  rule = "sg-segment",

  broken = function()
    send(86016)
  end,

  mended = function()
    dma_set_max_seg_size(dev, 0xffffffff)
    send(86016)
  end,
}
