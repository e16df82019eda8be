-- fails 1: where it ends, from the last multiple
-- Blocks of kmalloc, a mapping for each: nobody was told what the device demands.
local NEXT, VALUE, STATUS = 0, 8, 16
local pool, blocks

function foresee(bytes, align, boundary)
  local block = (bytes + align - 1) // align * align
  predict("how many descriptors does a page of the pool hold?",
      boundary // block * (PAGE_SIZE // boundary))
end

function open(bytes, align, boundary)
  pool = bytes
end

function build(values)
  blocks = {}
  local following = 0
  for i = #values, 1, -1 do
    local va = kmalloc(pool)
    store(va + NEXT, following)
    store(va + VALUE, values[i])
    local handle = dma_map_single(dev, va, pool, DMA_BIDIRECTIONAL)
    if dma_mapping_error(dev, handle) ~= 0 then error("no mapping") end
    blocks[i] = { va = va, handle = handle }
    following = handle
  end
  return following
end

function collect()
  local words = {}
  for i, block in ipairs(blocks) do
    dma_unmap_single(dev, block.handle, pool, DMA_BIDIRECTIONAL)
    words[i] = load(block.va + STATUS)
    kfree(block.va)
  end
  return words
end

function close() end
