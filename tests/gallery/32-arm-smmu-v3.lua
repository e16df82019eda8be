local gallery = require "gallery"
local parts = require "parts"

-- The device knows the table and runs. An entry is changed: first the words it does not look at as
-- long as the entry is not valid, then the word that makes it so.
local function update(barrier)
  local table, buf = parts.ring_of_nic("transmit", 2), gallery.filled(64, "s")
  local dma = parts.map_for_nic(buf, 64, DMA_TO_DEVICE)
  local entry = table:at(0)
  parts.nic_control(2)
  store(entry, dma)
  store(entry + 8, 64, 4)
  if barrier then barrier() end
  store(entry + 12, parts.OWN | parts.LAST, 4)
  parts.nic_doorbell()
  devices.nic:wait()
  gallery.check(devices.nic:sent(), ("s"):rep(64), "what the entry says")
  parts.nic_control(0x80)
  dma_unmap_single(devices.nic, dma, 64, DMA_TO_DEVICE)
  kfree(buf)
  table:free()
end

return gallery {
  row = 32,
  driver = "iommu arm-smmu-v3",
  subject = "Add a missing dma_wmb() for hitless STE update",
  commit = "6fabce53f6b9c2419012a9103e1a46d40888cefa",
  wrong = "the words of a table entry might arrive after the one that makes the entry valid",
  rule = "order-device-early",

  broken = function() update(nil) end,

  mended = function() update(dma_wmb) end,
}
