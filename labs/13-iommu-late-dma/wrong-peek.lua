-- fails 1: how often the card was asked is 0
-- Never asks the card: looks for the packet, the same 16 letters over and over, in memory.
local calls = 0

local function is_packet(text) return text:find("^%l+$") and text:sub(1, 16) == text:sub(17, 32) end

function receive(_, n)
  calls = calls + 1
  if calls == 1 then return nil end
  local here = kmalloc(n)
  local va = here - 65536
  while not is_packet(read(va, 32)) do va = va + 64 end
  kfree(here)
  return read(va, n)
end

function foresee(iommu)
  predict("a page the card had written to", iommu == "strict" and "fault" or "memory")
  predict("a page the card had not used", iommu == "off" and "memory" or "fault")
end
