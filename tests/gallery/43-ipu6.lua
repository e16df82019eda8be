local gallery = require "gallery"

local send = gallery.sent_with_mask

return gallery {
  row = 43,
  driver = "media intel/ipu6",
  subject = "Fix dma mask for non-secure mode",
  wrong = "the driver promised more address bits than the device has",
  rule = "address-truncated",
  machine = { board = "x86", dma_mask_bits = 24 },

  broken = function()
    send(32)
  end,

  mended = function()
    local got = send(math.min(core.board().dma_mask_bits, 32))
    if got then gallery.check(got, ("v"):rep(64), "the frame") end
  end,
}
