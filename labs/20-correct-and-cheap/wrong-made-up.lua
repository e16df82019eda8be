-- fails 1: the next payload in the list is right for
-- Takes back the head alone and makes the rest of the payload up.
local HEAD = 16

local function parts(head) return head:sub(1, 8), tonumber(head:sub(9, 16)) end

-- The whole lines that hold the first n bytes.
local function lines(n)
  local line = dma_get_cache_alignment()
  return (n + line - 1) // line * line
end

local function look(dev, buf, h, name, got)
  local head = lines(HEAD)
  dma_sync_single_for_cpu(dev, h, head, DMA_FROM_DEVICE)
  local whose, length = parts(read(buf, HEAD))
  if whose ~= name then return end
  got[#got + 1] = read(buf + HEAD, 16):rep(50):sub(1, length)
end

function serve(dev, size, name)
  local got = {}
  local buf = kmalloc(size)
  local h = dma_map_single(dev, buf, size, DMA_FROM_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return got end
  local more
  repeat
    more = packet_arrives(h)
    look(dev, buf, h, name, got)
  until not more
  dma_unmap_single(dev, h, size, DMA_FROM_DEVICE)
  kfree(buf)
  return got
end
