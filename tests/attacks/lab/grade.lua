return {
  title = "What the attacks are judged by",
  teaches = { "M01", "M05" },
  slides = { "Constraints with a DMA", "Memory synchronization issues" },
  boards = { "arm64", "x86" },

  draw = function(d)
    return { size = d:number(32, 512, 8), message = d:text(24) }
  end,

  gives = function()
    return { device_reads = function(h, n) return dev:dma_read(h, n) end }
  end,

  play = function(student, v)
    local got = student.send(dev, v.size, v.message)
    expect(got, v.message .. ("."):rep(v.size - #v.message), "what the device read")
  end,

  checks = {
    { "the device reads the message, when all is calm", points = 2, property = { "right", bound = 0 } },
    { "the device reads the message on every schedule", points = 3, property = "right" },
    { "no rule of the DMA API is broken", points = 3, property = "rules" },
    { "nothing is left mapped or allocated", points = 2, property = "nothing_left", code = "M22" },
    { "something was predicted", points = 0, property = { "predicted", "what comes?" } },
  },

  hints = { "a", "b", "c" },
}
