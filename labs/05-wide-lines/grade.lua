local QUESTION = "how many bytes does it act on?"
local BEFORE, ROOM = 512, 512   -- the block begins BEFORE + skew into a page and has ROOM bytes

local fields                    -- addresses the CPU counts in while packets come
local arrived, places, delivered

local function count()
  for _, va in ipairs(fields) do store(va, load(va) + 1) end
end

-- The CPU counts while the device writes, and once more when it is done.
local function packet_arrives(v)
  return function(h)
    arrived = arrived + 1
    dev:start_write(h, v.packets[arrived] or "")
    count()
    dev:wait()
    count()
  end
end

local function deliver(va, n)
  places[#places + 1], delivered[#delivered + 1] = va, read(va, n)
end

-- Where the n bytes at va are, in words.
local function place(va, n, block)
  if math.type(va) ~= "integer" then return "no address" end
  return va >= block and va + n <= block + ROOM and "in the block" or "outside the block"
end

-- The counter of the student's struct, and those of its neighbours, which count from here on.
local function open(student, v, block)
  local counter = student.open(dev, block, ROOM, v.n)
  expect(place(counter, 8, block), "in the block", "the place of the counter")
  expect(counter % 8, 0, "the counter's address modulo 8")
  fields = { counter, block - 8, block + ROOM }
  for _, va in ipairs(fields) do store(va, v.first) end
end

local function receive(student, v, block)
  for i, packet in ipairs(v.packets) do
    student.receive(dev)
    expect(delivered[i] or "nothing", packet, "what was delivered")
    expect(place(places[i], v.n, block), "in the block", "the place of the packet")
  end
  for i, what in ipairs { "the counter", "the field before the block", "the field behind it" } do
    expect(load(fields[i]), v.first + 2 * #v.packets, what)
  end
end

return {
  title = "Lines are wider than buffers",
  teaches = { "M06", "M07" },
  slides = { "Constraints with a DMA", "DMA streaming mapping notes" },
  boards = { "arm64", { board = "riscv", line = 128 } },

  draw = function(d)
    local n = d:number(68, 116, 8)   -- more than one line of arm64
    local line = d:pick { 32, 64, 128 }
    return { n = n, packets = { d:text(n), d:text(n) }, skew = d:number(8, 56, 8),
        first = d:number(100, 900), line = line, at = d:number(line // 2, line - 4, 4),
        bytes = d:number(line // 2 + 4, 3 * line - 4, line) }
  end,

  gives = function(v)
    fields, arrived, places, delivered = {}, 0, {}, {}
    return { packet_arrives = packet_arrives(v), deliver = deliver }
  end,

  play = function(student, v)
    student.foresee(v.at, v.bytes, v.line)
    reveal(QUESTION, (v.at + v.bytes + v.line - 1) // v.line * v.line)
    local page = __get_free_pages(GFP_KERNEL, 0)
    local block = page + BEFORE + v.skew
    open(student, v, block)
    receive(student, v, block)
    student.close(dev)
    free_pages(page, 0)
  end,

  checks = {
    { "packets and counters are right, when all is calm", points = 3,
      property = { "right", bound = 0 } },
    { "packets and counters are right on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 2, property = "rules" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "you foresaw what an invalidate acts on", points = 2, property = { "predicted", QUESTION } },
  },

  hints = {
    "Draw the block as a row of cache lines. Where does the first one begin? Mark the bytes " ..
        "the device writes and those the CPU counts in. Is there a line with both?",
    "A line the device writes into must hold nothing the CPU stores to meanwhile: not the " ..
        "counter, and not what lies before the block or behind it. Which addresses are where " ..
        "a line begins, and how do you come from any address to the next of them?",
    "The width of a line is not the same on every machine. help dma_get_cache_alignment",
  },
}
