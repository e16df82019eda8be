-- fails 1: where it ends, from the last multiple
-- The pool was told of the alignment alone.
local NEXT, VALUE, STATUS = 0, 8, 16
local pool, blocks

function foresee(bytes, align, boundary)
  local block = (bytes + align - 1) // align * align
  predict("how many descriptors does a page of the pool hold?",
      boundary // block * (PAGE_SIZE // boundary))
end

function open(bytes, align, boundary)
  pool = dma_pool_create("descriptors", dev, bytes, align)
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
    words[i] = load(block.va + STATUS)
    dma_pool_free(pool, block.va, block.handle)
  end
  return words
end

function close() dma_pool_destroy(pool) end
