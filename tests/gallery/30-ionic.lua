local gallery = require "gallery"
local parts = require "parts"

-- Wait until the bit of the first completion has the color of the round, then read the rest of it.
local function complete(barrier)
  local disk, buf = parts.disk(4), gallery.filled(512, "i")
  local dma = parts.disk_map(buf, 512, DMA_TO_DEVICE)
  disk:submit(parts.WRITE, 0, 7, { { dma, 512 } })
  while load(disk.results.va + 12, 4) & 1 == 0 do run(20) end
  if barrier then barrier() end
  gallery.check(load(disk.results.va, 4), 7, "the tag")
  gallery.check(load(disk.results.va + 4, 4), 512, "the length")
  parts.disk_unmap(dma, 512, DMA_TO_DEVICE)
  kfree(buf)
  disk:close()
end

return gallery {
  row = 30,
  driver = "net ionic",
  subject = "ionic: add missing dma_rmb() after the completion publish check",
  commit = "621f44af8c5b373de2b2e19a4a8db9e45c3c659a",
  wrong = "the completion was read with no barrier behind the color bit that says it is new",
  rule = "order-cpu-early",

  broken = function() complete(nil) end,

  mended = function() complete(dma_rmb) end,
}
