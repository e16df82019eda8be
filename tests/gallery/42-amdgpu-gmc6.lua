local gallery = require "gallery"

local send = gallery.sent_with_mask

return gallery {
  row = 42,
  driver = "drm/amdgpu gmc6",
  subject = "fix DMA mask from 44 to 40 bits",
  wrong = "the driver promised more address bits than the device has",
  rule = "address-truncated",
  machine = { board = "x86", dma_mask_bits = 24 },

  broken = function()
    send(44)
  end,

  mended = function()
    local got = send(math.min(core.board().dma_mask_bits, 44))
    if got then gallery.check(got, ("v"):rep(64), "the frame") end
  end,
}
