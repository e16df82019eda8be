-- The device here is the lab: it walks the chain with transfers of dev, and is as strict about the
-- place of a descriptor as such hardware is.

local WORDS, STATUS = 16, 16                     -- bytes it reads of a descriptor; where it writes
local QUESTION = "how many descriptors does a page of the pool hold?"

local function in_a_page(v)
  local block = (v.bytes + v.align - 1) // v.align * v.align
  return v.boundary // block * (PAGE_SIZE // v.boundary)
end

local function values_of(v, round)
  local values = {}
  for i = 1, v.n do values[i] = v.seed + round * 1000 + i end
  return values
end

-- What the device makes of a value. The driver is never told the key.
local function status_of(v, value) return value * v.key % 1000003 end

-- One descriptor: what the device demands, what it reads, and the status it writes. Answers where
-- the next one is.
local function step(v, at, i, value)
  local name = "descriptor " .. i
  expect(math.type(at), "integer", "the bus address of " .. name .. ", as a type,")
  expect(at % v.align, 0, name .. ": what its bus address is beyond a multiple of " .. v.align)
  expect(math.max(at % v.boundary + v.bytes, v.boundary), v.boundary,
      name .. ": where it ends, from the last multiple of " .. v.boundary .. " on,")
  local following, got = string.unpack("<I8I8", dev:dma_read(at, WORDS))
  expect(got, value, "the value the device read in " .. name)
  dev:dma_write(at + STATUS, string.pack("<I8", status_of(v, value)))
  return following
end

local function walk(v, at, values)
  for i, value in ipairs(values) do at = step(v, at, i, value) end
  expect(at, 0, "what the last descriptor says of a next one")
end

local function pages_held() return select(3, core.held()) end

local function round(student, v, number, before)
  local values = values_of(v, number)
  local first = student.build(values)
  expect(math.max(pages_held() - before, 1), 1, "pages in use for " .. v.n .. " descriptors: that")
  walk(v, first, values)
  local words = student.collect()
  expect(type(words), "table", "what collect() answers, as a type,")
  for i, value in ipairs(values) do expect(words[i], status_of(v, value), "status word " .. i) end
end

return {
  title = "Small blocks for the device",
  teaches = { "M07", "M16", "M30", "M22" },
  slides = { "Allocating coherent mappings", "Coherent or streaming DMA mappings" },
  boards = { "arm64", "x86" },

  draw = function(d)
    return { bytes = d:number(72, 96, 8), align = d:pick { 16, 32 }, n = d:number(12, 20),
        boundary = d:pick { 256, 512 }, seed = d:number(10000, 90000), key = d:number(2, 1 << 20) }
  end,

  play = function(student, v)
    local before = pages_held()
    student.foresee(v.bytes, v.align, v.boundary)
    reveal(QUESTION, in_a_page(v))
    student.open(v.bytes, v.align, v.boundary)
    for number = 1, 2 do round(student, v, number, before) end
    student.close()
  end,

  checks = {
    { "the device finds each descriptor, and you its status, when all is calm", points = 2,
      property = { "right", bound = 0 } },
    { "the same on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 2, property = "rules" },
    { "nothing is left mapped or allocated", points = 2, property = "nothing_left", code = "M22" },
    { "you know how many descriptors a page holds", points = 2,
      property = { "predicted", QUESTION } },
  },

  bound = 1,
  hints = {
    "The device wants each descriptor at a multiple of something, and not across a multiple of " ..
        "something else. Which call of the kernel can be told both? `help dma_pool_create`.",
    "A pool answers two addresses for a block, as dma_alloc_coherent does: one for the CPU and " ..
        "one for the device. Which of them belongs into the word NEXT, and which do store and " ..
        "load take?",
    "Blocks go back one by one with dma_pool_free, and the pool with dma_pool_destroy; what has " ..
        "been given back may be somebody else's. As for the page: a block is bytes rounded up " ..
        "to align; so many whole ones lie between two multiples of boundary, and so many of " ..
        "those stretches are in a page.",
  },
}
