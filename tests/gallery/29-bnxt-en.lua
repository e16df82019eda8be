local gallery = require "gallery"
local parts = require "parts"

-- Is this descriptor the driver's again? Then its length, read after the barrier.
local function length_of(d, barrier)
  if load(d + 12, 4) & parts.OWN ~= 0 then return nil end
  if barrier then barrier() end
  return load(d + 8, 4)
end

-- A completion of two entries; a barrier stands behind the valid bit of the first.
local function receive(second_barrier)
  local ring = parts.receive_ring(2, 256)
  parts.arrives(("1"):rep(64))
  parts.arrives(("2"):rep(128))
  gallery.check(length_of(ring:at(0), dma_rmb), 64, "the first length")
  gallery.check(length_of(ring:at(1), second_barrier), 128, "the second length")
  parts.end_receive_ring(ring, 256)
end

return gallery {
  row = 29,
  driver = "net bnxt_en",
  subject = "missing dma_rmb in bnxt_rx_pkt (Fixes: 67a95e2022c7)",
  wrong = "nothing kept the read of the second entry behind the read of its valid bit",
  rule = "order-cpu-early",

  broken = function() receive(nil) end,

  mended = function() receive(dma_rmb) end,
}
