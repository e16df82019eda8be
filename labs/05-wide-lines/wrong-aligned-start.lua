-- fails 1: what was delivered is right for 64 bytes
-- fails 2: line-shared
-- The buffer begins where a line does; its last line has the counter in it.
local buf, size

local function up(va, line) return (va + line - 1) // line * line end

function open(dev, block, room, n)
  buf, size = up(block, dma_get_cache_alignment()), n
  return up(buf + n, 8)
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
