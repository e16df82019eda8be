-- Coherent memory for the descriptors of a chain: one piece, cut in as many parts as there are
-- descriptors. What else would a device want?

local NEXT, VALUE, STATUS = 0, 8, 16       -- where the words of a descriptor are
local size                                 -- of a descriptor, in bytes
local memory, handle, count                -- of a chain: for the CPU, for the device, descriptors

-- foresee(bytes, align, boundary): called before anything happens. predict() says how many
-- descriptors a page of the pool holds.
function foresee(bytes, align, boundary)
  predict("how many descriptors does a page of the pool hold?", PAGE_SIZE // bytes)
end

-- open(bytes, align, boundary): descriptors of so many bytes will be wanted, each at a bus address
-- that is a multiple of align, none across a multiple of boundary.
function open(bytes, align, boundary) size = bytes end

-- build(values): a chain of descriptors, one for each value. Answers the bus address of the first.
function build(values)
  count = #values
  memory, handle = dma_alloc_coherent(dev, count * size)
  if not memory then error("no memory") end
  for i, value in ipairs(values) do
    local va, following = memory + (i - 1) * size, handle + i * size
    store(va + NEXT, i < count and following or 0)
    store(va + VALUE, value)
  end
  return handle
end

-- collect(): called when the device is done. Answers the status words, in the order of the chain;
-- the descriptors are given back.
function collect()
  dma_free_coherent(dev, count * size, memory, handle)
  local words = {}
  for i = 1, count do words[i] = load(memory + (i - 1) * size + STATUS) end
  return words
end

-- close(): gives back what is left.
function close() end
