-- fails 1: line-shared
-- Knows that a line has 64 bytes: so it is where it was written.
local buf, size

local function up(va, line) return (va + line - 1) // line * line end

function open(dev, block, room, n)
  buf, size = up(block, 64), n
  return up(buf + n, 64)
end

function receive(dev)
  local h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then error("the buffer could not be mapped") end
  packet_arrives(h)
  dma_unmap_single(dev, h, size, DMA_FROM_DEVICE)
  deliver(buf, size)
end

function close(dev) end

function foresee(at, n, line)
  predict("how many bytes does it act on?", (at + n + line - 1) // line * line)
end
