local QUESTION = "how many bytes are wrong?"

return {
  title = "Receive",
  teaches = { "M02" },
  slides = {},
  boards = { "arm64", { board = "arm", speculates = false } },

  draw = function(d) return { packet = d:text(64) } end,

  gives = function(v)
    return { packet_arrives = function(h) dev:dma_write(h, v.packet) end }
  end,

  play = function(student, v)
    expect(student.receive(dev, #v.packet), v.packet, "the packet")
    reveal(QUESTION, 0)
  end,

  checks = {
    { "the packet is right", points = 8, property = "right" },
    { "foreseen", points = 2, property = { "predicted", QUESTION } },
  },

  hints = { "One.", "Two.", "Three." },
}
