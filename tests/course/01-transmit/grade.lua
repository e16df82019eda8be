local wire

return {
  title = "Transmit",
  teaches = { "M01", "M05" },
  slides = {},
  boards = { "arm64", "x86" },

  draw = function(d) return { message = d:text(d:number(16, 40)), counts = { 1, 2 } } end,

  gives = function()
    wire = nil
    return { transmit = function(h, n) wire = dev:dma_read(h, n) end }
  end,

  play = function(student, v)
    student.send(dev, v.message)
    expect(wire, v.message, "what the card sent")
  end,

  checks = {
    { "the message is sent", points = 4, property = "right" },
    { "no rule is broken", points = 4, property = "rules" },
    { "nothing is left", points = 2, property = "nothing_left" },
  },

  hints = { "Look.", "Look twice.", "Who owns the buffer when it is written?" },
}
