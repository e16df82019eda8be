local QUESTION = "who can give it in one piece?"
local FRAMES = 2

-- What this kernel gives in one piece at most; both boards have it free when they start.
local KMALLOC, PAGES = 128 << 10, 8 << 20

local function giver(bytes)
  if bytes <= KMALLOC then return "kmalloc" end
  return bytes <= PAGES and "__get_free_pages" or "nobody"
end

-- Windows of ioremap on memory from `start` on.
local function windows(start)
  local count = 0
  for _, area in ipairs(core.areas()) do
    if area.kind == "ioremap" and area.pa >= start and area.pa < core.board().ram then
      count = count + 1
    end
  end
  return count
end

-- What somebody else is answered who claims this memory, and gives it back at once.
local function others_claim(start, size)
  local claimed = request_mem_region(start, size, "somebody else")
  if claimed then release_mem_region(start, size) end
  return claimed
end

local function frame(v, i) return v.text:rep(v.size // #v.text + 2):sub(i, i + v.size - 1) end

return {
  title = "Memory the kernel does not know",
  teaches = { "M28", "M16", "M05" },
  slides = { "Reserving memory for DMA", "DMA memory constraints", "Allocating coherent mappings" },
  boards = { { board = "arm64", mem = "20M" }, { board = "x86", mem = "18M" } },

  draw = function(d)
    return { at = { d:number(0, 4 << 20, 64), d:number(9 << 20, 11 << 20, 64) },
             size = d:number(64, 320, 8), text = d:text(16), first = d:number(100, 999),
             asked = d:pick { d:number(80, 128) << 10, d:number(129, 8000) << 10,
                              d:number(8200, 12000) << 10 } }
  end,

  gives = function(v)
    local ring, recorded = nil, 0
    return {
      camera_ring = function(h) ring = h end,
      camera_records = function(mail)
        recorded = recorded + 1
        dev:dma_write(ring + v.at[recorded], frame(v, recorded))
        dev:dma_write(mail, ("<I8"):pack(v.first + recorded))
        return v.at[recorded], v.size
      end,
    }
  end,

  play = function(student, v)
    local board = core.board()
    local start, size = board.mem, board.ram - board.mem
    student.foresee(v.asked)
    reveal(QUESTION, giver(v.asked))
    local told = { ram = board.ram, mem = board.mem, bus_offset = board.bus_offset }
    expect(student.open(dev, told), true, "what open() returns")
    expect(others_claim(start, size), nil,
        "what somebody else gets who claims the memory meanwhile")
    for i = 1, FRAMES do
      local number, got = student.record()
      expect(number, v.first + i, "the number of the frame")
      expect(got, frame(v, i), "the frame")
    end
    student.close(dev)
    expect(others_claim(start, size), true,
        "what somebody else gets who claims the memory after close()")
    expect(windows(start), 0, "the number of windows of ioremap that stay")
  end,

  checks = {
    { "the frames arrive on x86", points = 2, property = { "right", boards = { "x86" } } },
    { "the frames arrive on arm64, when all is calm", points = 2,
      property = { "right", bound = 0, boards = { "arm64" } } },
    { "no rule of the DMA API is broken", points = 3, property = "rules" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "it is foreseen who can give so much memory", points = 2,
      property = { "predicted", QUESTION } },
  },

  hints = {
    "How much does this kernel give in one piece? help(\"profile\") has the limits. " ..
        "Then look where System RAM ends in `cat /proc/iomem`, and how much RAM the board has.",
    "Memory the kernel does not manage has no address for the CPU until somebody asks for a " ..
        "window on it: step 2 of the README opens one. Claim the range first; close() undoes both.",
    "Each piece of memory here was given to you with one address for the CPU. Does the driver " ..
        "use another one somewhere, and is that one cached? And for the camera: what lies " ..
        "between a physical address and what a device has to say on the bus?",
  },
}
