-- fails 1: cpu-read-device-owned
-- Maps the counter along with the buffer: now the CPU counts in what the device owns.
local buf, size, whole

local function up(va, line) return (va + line - 1) // line * line end

function open(dev, block, room, n)
  local line = dma_get_cache_alignment()
  buf, size, whole = up(block, line), n, up(n + 8, line)
  return buf + up(n, 8)
end

function receive(dev)
  local h = dma_map_single(dev, buf, whole, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
  packet_arrives(h)
  dma_unmap_single(dev, h, whole, DMA_FROM_DEVICE)
  deliver(buf, size)
end

function close(dev) end

function foresee(at, n, line)
  predict("how many bytes does it act on?", (at + n + line - 1) // line * line)
end
