local QUESTION = "what does the CPU read?"

-- What a line that was read ahead before it was written holds is old.
local function truth(v)
  local lines = {}
  for i, when in ipairs(v.ahead) do lines[i] = when == "before" and v.old[i] or v.new[i] end
  return table.concat(lines)
end

local arrived, delivered   -- how many packets came, what was handed on

return {
  title = "To invalidate before is not enough",
  teaches = { "M02", "M19" },
  slides = { "Memory synchronization issues", "DMA streaming mapping notes" },
  boards = { "arm64", "arm64-pre-5.19" },

  draw = function(d)
    local n = d:number(40, 200, 8)
    local old, new = { d:text(8), d:text(8), d:text(8) }, { d:text(8), d:text(8), d:text(8) }
    return { n = n, packets = { d:text(n), d:text(n) }, old = old, new = new,
        ahead = d:pick { { "before", "after", "never" }, { "after", "before", "before" },
            { "never", "before", "after" }, { "before", "never", "before" } } }
  end,

  gives = function(v)
    arrived, delivered = 0, {}
    return {
      packet_arrives = function(h)
        arrived = arrived + 1
        dev:dma_write(h, v.packets[arrived] or "")
      end,
      deliver = function(va, n) delivered[#delivered + 1] = read(va, n) end,
    }
  end,

  play = function(student, v)
    student.foresee(v.ahead, v.old, v.new)
    reveal(QUESTION, truth(v))
    student.probe(dev, v.n)
    for i, packet in ipairs(v.packets) do
      student.receive(dev)
      expect(delivered[i] or "nothing", packet, "what was delivered")
    end
    student.remove(dev)
  end,

  checks = {
    { "each packet is delivered, when all is calm", points = 1, property = { "right", bound = 0 } },
    { "each packet is delivered on every schedule", points = 3, property = "right" },
    { "no rule of the DMA API is broken", points = 3, property = "rules", code = "M19" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "you foresaw what the CPU reads", points = 2, property = { "predicted", QUESTION } },
  },

  hints = {
    "A CPU reads memory ahead: lines nobody asked for, at a moment nobody can tell. The story " ..
        "that lab check prints says when. Which bytes did memory hold at that moment?",
    "To invalidate says nothing about the future. A line that was dropped before the transfer " ..
        "may be back, with old bytes, when the transfer ends. What would have to be done to " ..
        "it then, and by which call?",
    "receive has four moments: the buffer is the device's; the packet comes; the buffer is " ..
        "the CPU's and is delivered; the buffer is the device's again, for the next packet. " ..
        "Put each sync at the moment at which the buffer changes hands.",
  },
}
