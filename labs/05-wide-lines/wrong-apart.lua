-- fails 1: line-shared
-- fails 5: predicted was
-- Keeps the two a line apart; where the block begins, the first line is somebody else's too. And it
-- rounds up the size alone.
local buf, size

local function up(va, line) return (va + line - 1) // line * line end

function open(dev, block, room, n)
  buf, size = block, n
  return block + up(n, 8) + dma_get_cache_alignment()
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
  predict("how many bytes does it act on?", (n + line - 1) // line * line)
end
