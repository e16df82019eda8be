local wire   -- what the card has sent

return {
  title = "A store that stays in the cache",
  teaches = { "M01" },
  slides = { "Memory synchronization issues", "Setting up streaming mappings" },
  boards = { "arm64", "x86" },

  draw = function(d)
    return { messages = { d:text(d:number(24, 72)), d:text(d:number(80, 200)) } }
  end,

  gives = function()
    wire = {}
    return { transmit = function(h, n) wire[#wire + 1] = dev:dma_read(h, n) end }
  end,

  play = function(student, v)
    for i, message in ipairs(v.messages) do
      student.send(dev, message)
      expect(wire[i] or "nothing", message, "what the card sent")
    end
  end,

  checks = {
    { "the card sends the message, when all is calm", points = 3,
      property = { "right", bound = 0 } },
    { "the card sends the message on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 3, property = "rules" },
    { "nothing is left mapped or allocated", points = 2, property = "nothing_left", code = "M22" },
  },

  hints = {
    "The card reads memory, not the CPU's cache. Type the lines of send at the prompt, and " ..
        "stop before transmit: show bytes buf 8 says where the newest copy of your bytes is " ..
        "at that moment.",
    "dma_map_single does two things: it makes an address for the device, and on a machine " ..
        "whose devices do not snoop it writes the lines of the buffer back to memory, once, " ..
        "at that moment. help dma_map_single says so under \"caches\".",
    "A buffer belongs to the CPU until it is mapped and to the device until it is unmapped. " ..
        "Mark each line of send with who owns the buffer there, and look for a line that is " ..
        "not on its owner's side.",
  },
}
