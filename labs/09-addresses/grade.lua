-- What the device read in this run.
local seen

local EIO <const> = -5

-- Can a device with so many bits say the address of any RAM of this board?
local function reaches(board) return board.bus_offset >> board.dma_mask_bits == 0 end

return {
  title = "Three kinds of address",
  teaches = { "M16", "M17", "M29" },
  slides = { "Constraints with a DMA", "Linux DMA API" },
  boards = {
    "arm64",
    { board = "arm", bus_offset = "512M" },
    { board = "x86", dma_mask_bits = 24, swiotlb = "1M" },
    { board = "arm64", bus_offset = "8G", dma_mask_bits = 40 },
    { board = "arm64", dma_mask_bits = 30 },
  },
  bound = 1,

  draw = function(d)
    return { before = d:number(1, 20), text = d:text(d:number(16, 256, 8)),
      name = d:text(d:number(8, 40, 8)) }
  end,

  gives = function()
    seen = {}
    return { transmit = function(h, n) seen[#seen + 1] = dev:dma_read(h, n) end }
  end,

  play = function(student, v)
    local board = core.board()
    local before, buf = kmalloc(v.before * 64), kmalloc(64)
    local question = "the bus address of this buffer"
    student.foresee(question, virt_to_phys(buf), board.bus_offset)
    reveal(question, virt_to_phys(buf) + board.bus_offset)
    kfree(buf)
    kfree(before)
    local answer = student.probe(dev, board.dma_mask_bits)
    if not reaches(board) then
      expect(answer, EIO, "what probe() answers for a device whose " .. board.dma_mask_bits ..
          " bits reach no memory")
      return
    end
    expect(answer, 0, "what probe() answers for a device of " .. board.dma_mask_bits .. " bits")
    student.send(dev, v.text)
    expect(seen[1], v.text, "what the device read in send()")
    student.send_name(dev, v.name)
    expect(seen[2], v.name, "what the device read in send_name()")
  end,

  checks = {
    { "the bus address of a buffer is foreseen", points = 1, property = "predicted" },
    { "probe() says what the device can reach", points = 2, code = "M29",
      property = { "right", bound = 0, of = "probe()" } },
    { "both sends work when all is calm", points = 2, property = { "right", bound = 0 } },
    { "and on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 2, property = "rules", code = "M17" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
  },

  hints = {
    "Three addresses of one byte: the CPU's pointer, the place in RAM (virt_to_phys), and what " ..
        "the device has to say on the bus. Only one call answers with the third.",
    "The kernel takes any device for one of 32 bits until it is told. It never refuses 64, so a " ..
        "second try never comes: tell it what the device has, and look at the answer.",
    "A name in a local array is memory of the stack. What can be mapped has to come from " ..
        "kmalloc or the page allocator; copying a few bytes costs next to nothing.",
  },
}
