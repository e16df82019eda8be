local QUESTION = "what does the device read?"

local asked, delivered, answers   -- what the device read, what the CPU read, what is to come

return {
  title = "It works on x86",
  teaches = { "M05", "M10" },
  slides = { "Constraints with a DMA", "Memory synchronization issues" },
  boards = { "x86", "arm64", "mips", "riscv" },

  draw = function(d)
    local n = d:number(24, 136, 8)
    local v = { n = n, questions = {}, answers = {} }
    for i = 1, 2 do v.questions[i], v.answers[i] = d:text(n), d:text(n) end
    return v
  end,

  gives = function(v)
    asked, delivered, answers = {}, {}, 0
    return {
      exchange = function(h, n)
        asked[#asked + 1] = dev:dma_read(h, n)
        answers = answers + 1
        dev:dma_write(h, v.answers[answers] or "")
      end,
      deliver = function(va, n) delivered[#delivered + 1] = read(va, n) end,
    }
  end,

  play = function(student, v)
    local snoops = dma_get_cache_alignment() == 1
    student.foresee(snoops, v.questions[1], v.questions[2])
    reveal(QUESTION, v.questions[snoops and 2 or 1])
    student.probe(dev, v.n)
    for i, question in ipairs(v.questions) do
      student.ask(dev, question)
      expect(asked[i] or "nothing", question, "what the device read")
      expect(delivered[i] or "nothing", v.answers[i], "what the CPU delivered")
    end
    student.remove(dev)
  end,

  checks = {
    { "right on x86", points = 1, property = { "right", boards = { "x86" } } },
    { "right on the others, when all is calm", points = 2,
      property = { "right", bound = 0, boards = { "arm64", "mips", "riscv" } } },
    { "right everywhere, on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken anywhere", points = 2, property = "rules" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "you foresaw what the device reads", points = 2, property = { "predicted", QUESTION } },
  },

  hints = {
    "On x86 every copy of a byte that a device asks for is the newest one: it listens to the " ..
        "caches. Look at help archs: what does each of the four machines do with the caches " ..
        "when a buffer is handed over?",
    "The mapping lives long, and the buffer changes hands again and again. Who touches it in " ..
        "each line of ask, the CPU or the device? And which of these hand-overs can be seen in " ..
        "the code? help dma_sync_single_for_device",
    "Before the CPU stores into the buffer, and before deliver reads it, the buffer has to be " ..
        "the CPU's; before exchange it has to be the device's. There is one call for each of " ..
        "the two ways, and it wants the direction of the map.",
  },
}
