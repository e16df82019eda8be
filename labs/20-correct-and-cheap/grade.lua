local SLOT = 2048              -- bytes a packet may have
local HEAD = 16                -- of these its head: who it is for, and the bytes of its payload
local PACKETS = 12
local LONGEST = 700            -- bytes of a payload

local function payload(v, i) return v.text:sub(1, v.lengths[i]) end

local function packet(v, i)
  return ("%-8s%08d"):format(v.mine[i] and v.name or "somebody", v.lengths[i]) .. payload(v, i)
end

-- What a careful driver spends on the arm64 board: bytes in lines of 64, and cycles. A map and an
-- unmap of the slot; a line of each packet; all lines of those that are kept.
local LINE = 64
local ONCE, A_PACKET, A_LINE = 3300, 300, 125

local function kept_lines(v)
  local lines = 0
  for i = 1, PACKETS do
    if v.mine[i] then lines = lines + (HEAD + v.lengths[i] + LINE - 1) // LINE - 1 end
  end
  return lines
end

local function careful(v)
  local cycles = ONCE + PACKETS * A_PACKET + kept_lines(v) * A_LINE
  for i = 1, PACKETS do cycles = cycles + (HEAD + v.lengths[i]) // 2 end
  return { maintained = 2 * SLOT + (PACKETS + kept_lines(v)) * LINE, cycles = cycles }
end

local function budget(v)
  local least = careful(v)
  return { maintained = { least.maintained * 5 // 4, 3 * least.maintained },
           cycles = { least.cycles * 5 // 4, 2 * least.cycles } }
end

return {
  title = "Correct, and then cheap",
  teaches = { "M13", "M10", "M11", "M06", "M09" },
  slides = { "Setting up streaming mappings", "DMA streaming mapping notes", "DMA summary" },
  boards = { "arm64", "x86" },

  draw = function(d)
    local v = { name = d:text(8), text = d:long_text(LONGEST), mine = {}, lengths = {} }
    local first, second = d:number(2, 6), d:number(7, 11)
    for i = 1, PACKETS do
      v.mine[i] = i == first or i == second
      v.lengths[i] = d:number(130, LONGEST)
    end
    return v
  end,

  gives = function(v)
    local i = 0
    return {
      packet_arrives = function(h)
        i = i + 1
        dev:dma_write(h, packet(v, i))
        return i < PACKETS
      end,
    }
  end,

  play = function(student, v)
    local got = student.serve(dev, SLOT, v.name)
    if type(got) ~= "table" then got = {} end
    for i = 1, PACKETS do
      if v.mine[i] then
        expect(table.remove(got, 1), payload(v, i), "the next payload in the list")
      end
    end
    expect(#got, 0, "the number of payloads that are too much")
  end,

  checks = {
    { "the payloads arrive, when all is calm", points = 1, property = { "right", bound = 0 } },
    { "the payloads arrive, on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 2, property = "rules" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "it costs no more than it has to", points = 4, code = "M13",
      property = { "cheap", budget = budget, boards = { "arm64" } } },
  },

  hints = {
    "What do you pay for each packet that you would have to pay only once? At the prompt each " ..
        "call has its price: cycles() before and behind it, and `cache.op` in `show trace` says " ..
        "how many bytes of lines it worked on.",
    "A mapping may stay while packets come and go: there are two calls that hand a buffer to " ..
        "the CPU and back without ending it (help(\"sync\")). And does the device read this buffer?",
    "You may take back a part of a mapping: its first line tells whether the rest is wanted at " ..
        "all. What the CPU only read is clean; think whether it has to be handed back.",
  },
}
