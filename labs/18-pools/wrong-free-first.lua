-- fails 3: pool-use-after-free
-- What is given back is looked at once more.
local NEXT, VALUE, STATUS = 0, 8, 16
local pool, blocks

function foresee(bytes, align, boundary)
  local block = (bytes + align - 1) // align * align
  predict("how many descriptors does a page of the pool hold?",
      boundary // block * (PAGE_SIZE // boundary))
end

function open(bytes, align, boundary)
  pool = dma_pool_create("descriptors", dev, bytes, align, boundary)
  if not pool then error("no pool") end
end

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

function collect()
  local words = {}
  for i, block in ipairs(blocks) do
    dma_pool_free(pool, block.va, block.handle)
    words[i] = load(block.va + STATUS)
  end
  return words
end

function close() dma_pool_destroy(pool) end
