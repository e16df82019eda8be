-- What the device did in this run: how many packets it wrote, and the replies it read.
local written, replies

local function swapped(packet) return packet:sub(9, 16) .. packet:sub(1, 8) .. packet:sub(17) end

return {
  title = "One buffer, many packets",
  teaches = { "M10", "M11", "M19", "M20", "M21" },
  slides = { "DMA streaming mapping notes", "Memory synchronization issues" },
  boards = { "arm64", "arm", { board = "x86", swiotlb = "256K", swiotlb_force = true } },
  bound = 1,

  draw = function(d)
    local n, packets = d:number(64, 192, 64), {}
    for i = 1, d:number(3, 5) do packets[i] = d:text(n) end
    return { n = n, packets = packets }
  end,

  gives = function(v)
    written, replies = 0, {}
    return {
      arrives = function(h, n)
        written = written + 1
        dev:dma_write(h, (v.packets[written] or ""):sub(1, n))
      end,
      reply = function(h, n) replies[#replies + 1] = dev:dma_read(h, n) end,
    }
  end,

  play = function(student, v)
    local rounds = #v.packets - 1
    local last = student.serve(dev, v.n, rounds)
    for i = 1, rounds do expect(replies[i], swapped(v.packets[i]), "reply " .. i) end
    expect(last, v.packets[#v.packets], "the last packet, returned by serve()")
  end,

  checks = {
    { "every reply is right, when all is calm", points = 2, property = { "right", bound = 0 } },
    { "every reply is right on every schedule", points = 2, property = "right", code = "M19" },
    { "no rule of the DMA API is broken", points = 3, property = "rules" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "no hand-over more than there are", points = 2, code = "M11",
      property = { "cheap", boards = { "arm64" }, budget = function(v)
        local all = v.n * 2 * #v.packets
        return { maintained = { all, all + v.n } }
      end } },
  },

  hints = {
    "Write down a round: device writes, CPU reads and stores, device reads, device writes. " ..
        "Wherever the next one is not the one before, the buffer changes hands.",
    "There is a call for each way it can change hands while the mapping stays: _for_cpu and " ..
        "_for_device. Map and unmap are hand-overs too, and count as one each.",
    "The last packet needs no sync. Which call hands the buffer to the CPU at the end anyway? " ..
        "And whatever you tell it has to be what the map was told.",
  },
}
