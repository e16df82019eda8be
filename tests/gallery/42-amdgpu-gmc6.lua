local gallery = require "gallery"

-- Memory the device cannot reach: x86 hands it out first, above its 16 MiB of ZONE_DMA.
local function send(bits)
  if dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) ~= 0 then return end
  local buf = gallery.filled(64, "v")
  local dma = dma_map_single(dev, buf, 64, DMA_TO_DEVICE)
  if dma_mapping_error(dev, dma) == 0 then
    gallery.sent = dev:dma_read(dma, 64)
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
  end
  kfree(buf)
end

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
    gallery.sent = nil
    send(math.min(core.board().dma_mask_bits, 44))
    if gallery.sent then gallery.check(gallery.sent, ("v"):rep(64), "the frame") end
  end,
}
