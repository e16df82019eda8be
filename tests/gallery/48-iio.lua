local gallery = require "gallery"

-- struct { u8 rx[2]; int state; }, with rx and state `gap` bytes apart.
local function receive(gap)
  local chip = kzalloc(2 * gap)
  local rx, state = chip, chip + gap
  local dma = gallery.map(rx, 2, DMA_FROM_DEVICE)
  dev:start_write(dma, "\x12\x34")
  store(state, 1, 4)                 -- the driver goes on with its own work
  dev:wait()
  dma_unmap_single(dev, dma, 2, DMA_FROM_DEVICE)
  gallery.check(load(state, 4), 1, "the state")
  gallery.check(read(rx, 2), "\x12\x34", "the sample")
  kfree(chip)
end

return gallery {
  row = 48,
  driver = "iio, 92 patches",
  subject = "Fix alignment for DMA safety",
  wrong = "the buffer of the transfer was aligned to a line of the first level; the line of " ..
      "DMA is longer",
  rule = "line-shared",

  broken = function()
    receive(4)
  end,

  mended = function()
    receive(gallery.whole_lines(4))
  end,
}
