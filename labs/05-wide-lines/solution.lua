local buf, size

local function up(va, line) return (va + line - 1) // line * line end

function open(dev, block, room, n)
  local line = dma_get_cache_alignment()
  buf, size = up(block, line), n
  return up(buf + n, line)
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
