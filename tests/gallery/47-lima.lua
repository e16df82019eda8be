local gallery = require "gallery"

local send = gallery.send_segment

return gallery {
  row = 47,
  driver = "drm lima",
  commit = "89636a06fa2ee7826a19c39c19a9bc99ab9340a9",
  wrong = "a segment of megabytes (here 128 KiB) was mapped without a word about its largest size",
  rule = "sg-segment",

  broken = function()
    send(131072)
  end,

  mended = function()
    dma_set_max_seg_size(dev, 0xffffffff)
    send(131072)
  end,
}
