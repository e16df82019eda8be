-- fails 2: what the device read in send()
function foresee(question, va, n)
  predict(question, (va % PAGE_SIZE + n + PAGE_SIZE - 1) // PAGE_SIZE)
end

local function from_the_first(dev, va, n, direction, work)
  local first = page_address(vmalloc_to_page(va)) + va % PAGE_SIZE
  local h = dma_map_single(dev, first, n, direction)
  if dma_mapping_error(dev, h) ~= 0 then return end
  work(h, n)
  dma_unmap_single(dev, h, n, direction)
end

function send(dev, va, n) from_the_first(dev, va, n, DMA_TO_DEVICE, transmit) end

function fetch(dev, va, n) from_the_first(dev, va, n, DMA_FROM_DEVICE, arrives) end
