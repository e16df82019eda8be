local gallery = require "gallery"

-- x86 hands out memory above its 16 MiB of ZONE_DMA first, which this device cannot reach.
local function send(bits)
  if dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) ~= 0 then return end
  local va, dma = dma_alloc_coherent(dev, 4096)
  if not va then return end
  write(va, ("v"):rep(64))
  wmb()
  local got = dev:dma_read(dma, 64)
  dma_free_coherent(dev, 4096, va, dma)
  return got
end

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
