-- fails 4: unmap-invalid
-- { buffer, handle or nil, size, direction } of each buffer there is, in the order they were made.
local held = {}

local function give_back()
  while #held > 0 do
    local one = table.remove(held)
    if one.h then dma_unmap_single(one.dev, one.h, one.size, one.direction) end
    kfree(one.buf)
  end
end

local function take(dev, size, direction, text)
  local one = { dev = dev, buf = kmalloc(size), size = size, direction = direction }
  if not one.buf then return nil end
  held[#held + 1] = one
  if text then write(one.buf, text) end
  local h = dma_map_single(dev, one.buf, size, direction)
  one.h = h
  if dma_mapping_error(dev, h) ~= 0 then return nil end
  return h
end

local function start(dev, command, data, n)
  local c = take(dev, #command, DMA_TO_DEVICE, command)
  local d = c and take(dev, #data, DMA_TO_DEVICE, data)
  local s = d and take(dev, n, DMA_FROM_DEVICE)
  if not s then return -12 end
  return attach(c, #command, d, #data, s, n)
end

function probe(dev, command, data, n)
  local error = start(dev, command, data, n)
  if error ~= 0 then give_back() end
  return error
end

function remove(dev)
  local status = held[3]
  dma_unmap_single(dev, status.h, status.size, status.direction)
  status.h = nil
  local text = read(status.buf, status.size)
  give_back()
  return text
end
