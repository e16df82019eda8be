-- One packet more than there are descriptors, so one of them is given back and used again; the
-- driver is asked for each packet while the card may still be writing it.

local nic = devices.nic
local SLOTS = 0x98               -- its register that says how many descriptors there are
local LOOKS, PAUSE = 60, 150     -- how often the lab asks for a packet, and the cycles between

local function arrival(student, packet)
  nic:receive(packet)
  for _ = 1, LOOKS do
    local got = student.poll()
    if got then return got end
    run(PAUSE)
  end
end

return {
  title = "A ring in coherent memory",
  teaches = { "M25", "M26" },
  slides = { "Coherent or streaming DMA mappings", "Allocating coherent mappings" },
  boards = { "arm64", "x86" },

  draw = function(d)
    local v = { size = d:number(64, 256, 64), packets = {} }
    v.slots = d:pick { 1, 2 }
    for i = 1, v.slots + 1 do v.packets[i] = d:text(d:number(9, v.size - 1)) end
    return v
  end,

  play = function(student, v)
    student.open(v.slots, v.size)
    for i, packet in ipairs(v.packets) do
      local got = arrival(student, packet)
      expect(type(got), "string", "what poll() answers of packet " .. i .. ", as a type,")
      expect(#got, #packet, "the length of packet " .. i)
      expect(got, packet, "packet " .. i)
    end
    expect(readl(nic.bar + SLOTS), v.slots, "the number of descriptors of the ring")
    student.close()
  end,

  checks = {
    { "every packet arrives, when all is calm", points = 1, property = { "right", bound = 0 } },
    { "every packet arrives, on every schedule", points = 3, property = "right", code = "M26" },
    { "no rule of the DMA API is broken", points = 4, property = "rules" },
    { "nothing is left mapped or allocated", points = 2, property = "nothing_left", code = "M22" },
  },

  bound = 1,

  hints = {
    "Nothing lies in a cache here, and still two words may arrive in another order than they " ..
        "were stored. Which word of a descriptor says that the others can be believed?",
    "The driver hands over in two places: a descriptor by its flags, the whole ring by a " ..
        "register. Ask `help barrier` what each of dma_wmb, dma_rmb, writel and writel_relaxed " ..
        "keeps in order.",
    "A barrier keeps what stands before it apart from what stands behind it. Find the lines of " ..
        "give(), open() and poll() that must not change places, whoever looks, and draw a line " ..
        "between them: are stores on both sides of it, or loads?",
  },
}
