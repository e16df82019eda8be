-- A driver with two bugs, both of which real drivers had: a buffer mapped in one direction and used
-- in the other (igb_avb), and a way out of probe that left what was made (iavf). The first is
-- harmless on the boards most people have.

local session = require "session"

local CARD_BYTES = 2048           -- a frame the card can hold
local QUESTION = "are the bytes right?"

-- Does the wrong direction show in the bytes? Where devices snoop it cannot, unless an IOMMU
-- forbids the transfer. Mapped from the device, arm64 cleans lines all the same since Linux 5.19,
-- and so what was stored gets there; a read of old lines has no such luck.
local truths = {
  send = { x86 = "yes", arm64 = "yes", ["arm64-pre-5.19"] = "no", ["arm64-smmu"] = "no" },
  receive = { x86 = "yes", arm64 = "no", ["arm64-pre-5.19"] = "no", ["arm64-smmu"] = "no" },
}

local fetched, coming      -- the frame the card got last; the one it has for the driver

local function turn(student, out, back, number)
  fetched, coming = "", back
  student.send(out)
  expect(fetched, out, "frame " .. number .. ", as the card got it,")
  expect(student.receive(#back), back, "frame " .. number .. " from the card")
end

return {
  title = "Find the bug in somebody's driver",
  teaches = { "M09", "M22", "M08", "M05" },
  slides = { "DMA streaming mapping notes", "Setting up streaming mappings", "Linux DMA API" },
  boards = { "arm64", "x86", "arm64-pre-5.19", "arm64-smmu" },

  draw = function(d)
    local bytes = d:number(64, 320, 64)
    return { bytes = bytes, too_many = CARD_BYTES + d:number(64, 1024, 64),
        use = d:pick { "send", "receive" }, out = { d:text(bytes), d:text(d:number(9, bytes)) },
        back = { d:text(d:number(9, bytes)), d:text(bytes) } }
  end,

  gives = function()
    return { card_fetches = function(handle, n) fetched = dev:dma_read(handle, n) end,
        card_stores = function(handle, n) dev:dma_write(handle, coming:sub(1, n)) end }
  end,

  play = function(student, v)
    local board = session.chosen.board
    student.foresee(board, v.use)
    reveal(QUESTION, truths[v.use][board])
    expect(student.open(v.too_many), false, "what open() answers to frames the card cannot hold")
    expect(student.open(v.bytes), true, "what open() answers to frames the card can hold")
    for i = 1, 2 do turn(student, v.out[i], v.back[i], i) end
    student.close()
  end,

  checks = {
    { "frames arrive on each board, when all is calm", points = 2,
      property = { "right", bound = 0 } },
    { "frames arrive on each board, on every schedule", points = 1, property = "right" },
    { "no rule of the DMA API is broken", points = 2, property = "rules" },
    { "nothing is left mapped or allocated", points = 2, property = "nothing_left", code = "M22" },
    { "you know on which boards the wrong direction shows", points = 3,
      property = { "predicted", QUESTION }, code = "M05" },
  },

  hints = {
    "One bug is about every frame, the other about a call that fails. Which calls of the driver " ..
        "say what the device may do with a buffer? And what has been made when open() gives up?",
    "A direction says where the data goes. The driver has two buffers and one way to make them: " ..
        "`lab run on arm64-smmu` shows who minds. For the other bug, go through open() with a " ..
        "pencil and write down what is held at each return.",
    "For foresee() ask three things of a board: does the device snoop the caches (`show " ..
        "board`)? Does an IOMMU forbid what the mapping did not promise? And what does this " ..
        "board do to the caches for each direction (`help dma_map_single`, `help " ..
        "dma_unmap_single`): are stored bytes written back, are old lines dropped?",
  },
}
