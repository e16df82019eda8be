-- A pool makes blocks with the alignment and the boundary of the device, and knows each block's
-- handle; what is asked for behind its size is free.

local NEXT, VALUE, STATUS = 0, 8, 16       -- where the words of a descriptor are
local pool, blocks

-- foresee(bytes, align, boundary): called before anything happens. predict() says how many
-- descriptors a page of the pool holds.
function foresee(bytes, align, boundary)
  local block = (bytes + align - 1) // align * align
  predict("how many descriptors does a page of the pool hold?",
      boundary // block * (PAGE_SIZE // boundary))
end

-- open(bytes, align, boundary): descriptors of so many bytes will be wanted, each at a bus address
-- that is a multiple of align, none across a multiple of boundary.
function open(bytes, align, boundary)
  pool = dma_pool_create("descriptors", dev, bytes, align, boundary)
  if not pool then error("no pool") end
end

-- build(values): a chain of descriptors, one for each value. Answers the bus address of the first.
function build(values)
  blocks = {}
  local following = 0
  for i = #values, 1, -1 do
    local va, handle = dma_pool_alloc(pool)
    if not va then error("no descriptor") end
    blocks[i] = { va = va, handle = handle }
    store(va + NEXT, following)
    store(va + VALUE, values[i])
    following = handle
  end
  return following
end

-- collect(): called when the device is done. Answers the status words, in the order of the chain;
-- the descriptors are given back.
function collect()
  local words = {}
  for i, block in ipairs(blocks) do
    words[i] = load(block.va + STATUS)
    dma_pool_free(pool, block.va, block.handle)
  end
  return words
end

-- close(): gives back what is left.
function close() dma_pool_destroy(pool) end
