-- fails 3: how many bytes the device wrote in fetch()
-- Has the first bytes fetched alone, and makes the others up.
-- The length of the part of these n bytes that lies in the page of va.
local function in_page(va, n) return math.min(n, PAGE_SIZE - va % PAGE_SIZE) end

local function pages(va, n)
  local count = 0
  while n > 0 do
    local size = in_page(va, n)
    va, n, count = va + size, n - size, count + 1
  end
  return count
end

function foresee(question, va, n) predict(question, pages(va, n)) end

local function each_piece(dev, va, n, direction, work)
  local entries = pages(va, n)
  local sg = scatterlist(entries)
  sg_init_table(sg, entries)
  for i = 0, entries - 1 do
    local size = in_page(va, n)
    sg_set_page(sg[i], vmalloc_to_page(va), size, va % PAGE_SIZE)
    va, n = va + size, n - size
  end
  local count = dma_map_sg(dev, sg, entries, direction)
  if count == 0 then return end
  for piece in for_each_sg(sg, count) do work(sg_dma_address(piece), sg_dma_len(piece)) end
  dma_unmap_sg(dev, sg, entries, direction)
end

function send(dev, va, n) each_piece(dev, va, n, DMA_TO_DEVICE, transmit) end

function fetch(dev, va, n)
  local page = vmalloc_to_page(va)
  local h = dma_map_page(dev, page, va % PAGE_SIZE, 64, DMA_FROM_DEVICE)
  dma_mapping_error(dev, h)
  arrives(h, 64)
  dma_unmap_page(dev, h, 64, DMA_FROM_DEVICE)
  write(va, read(va, 64):rep(n // 64))
end
