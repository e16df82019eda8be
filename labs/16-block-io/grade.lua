-- The lab is the file system above the driver, which owns the pages, and the disk's own firmware
-- below it: disk() puts a request into the rings of the real device.

local blk = devices.blk
local SECTOR, OWN = 512, 0x80000000
local CONTROL, RESET, SUBMIT, COMPLETE, DOORBELL, CONSUMED = 0x08, 0x18, 0x20, 0x30, 0x40, 0x44
local RINGS, RESULTS, TABLE = 4096, 2048, 3072     -- a page for all: requests, results, segments
local ENTRIES, SEGMENTS = 16, 16                   -- of the rings; of a request, at most
local DONE = 0
local QUESTION = "how many segments does the disk get?"

local va, dma, requests
local stored, written      -- what a read will find on the disk; what the last transfer left there

local function open_disk()
  va, dma = dma_alloc_coherent(blk, RINGS)
  requests = 0
  writeq(dma, blk.bar + SUBMIT)
  writel(ENTRIES, blk.bar + SUBMIT + 8)
  writeq(dma + RESULTS, blk.bar + COMPLETE)
  writel(ENTRIES, blk.bar + COMPLETE + 8)
  writel(1, blk.bar + CONTROL)
end

local function close_disk()
  writel(1, blk.bar + RESET)
  readl(blk.bar)
  dma_free_coherent(blk, RINGS, va, dma)
end

local function check_segment(segment, i)
  expect(math.type(segment.address), "integer", "segment " .. i .. ": its address, as a type,")
  expect(math.type(segment.bytes), "integer", "segment " .. i .. ": its bytes, as a type,")
  expect(segment.bytes > 0 and "some" or "none", "some", "what segment " .. i .. " has of bytes")
end

local function check(sector, segments)
  expect(math.type(sector), "integer", "the sector disk() was told, as a type,")
  expect(type(segments), "table", "the segments disk() was told, as a type,")
  expect(math.max(#segments, SEGMENTS), SEGMENTS, "segments of a request: that")
  expect(requests < ENTRIES, true, "that the disk is asked for " .. ENTRIES .. " transfers at most")
end

local function submit(opf, sector, segments)
  local at = va + requests * 32
  for i, segment in ipairs(segments) do
    check_segment(segment, i)
    store(va + TABLE + (i - 1) * 16, segment.address)
    store(va + TABLE + (i - 1) * 16 + 8, segment.bytes, 4)
  end
  store(at + 4, opf == REQ_OP_READ and 1 or 2, 2)
  store(at + 8, dma + TABLE)
  store(at + 16, #segments, 4)
  store(at + 20, sector, 4)
  dma_wmb()
  store(at, OWN, 4)
  writel(1, blk.bar + DOORBELL)
end

-- Waits for the request that was submitted last.
local function finish()
  local at = va + RESULTS + requests * 16
  expect(blk:wait(100000) and load(at + 12, 4) & 1, 1, "whether the disk is done (1: yes)")
  dma_rmb()
  expect(load(at + 8, 4), DONE, "what the disk said (0: done, 4: no memory there, help blk)")
  requests = requests + 1
  writel(1, blk.bar + CONSUMED)
end

-- The disk holds the bytes of a transfer while that is under way, and at no other time: a driver
-- can put bytes on it and look at them too.
local function disk(opf, sector, segments)
  check(sector, segments)
  local blank = ("?"):rep((sector + 1) * SECTOR)
  blk:receive(opf == REQ_OP_READ and blank:sub(1, sector * SECTOR) .. stored or blank)
  submit(opf, sector, segments)
  finish()
  written = blk:buffer():sub(sector * SECTOR + 1, (sector + 1) * SECTOR)
  blk:receive(blank)
end

-- Where the pieces of the pages lie, as numbers of a page, offset in it and bytes.
local function layout(v)
  return { { v.first, PAGE_SIZE - v.tail, v.tail }, { v.second, 0, v.head },
      { v.first + 1, PAGE_SIZE // 2, SECTOR - v.tail - v.head } }
end

-- An IOMMU puts pages side by side; without one only what meets in memory is one segment.
local function truth(v)
  local meets = v.second == v.first + 1 or core.board().iommu ~= "off"
  return meets and 2 or 3
end

local function fill(pieces, letters)
  local text = ""
  for i, piece in ipairs(pieces) do
    local words = letters:sub(i, i):rep(piece.bytes)
    write(page_address(piece.page) + piece.offset, words)
    text = text .. words
  end
  return text
end

local function contents(pieces)
  local text = ""
  for _, piece in ipairs(pieces) do
    text = text .. read(page_address(piece.page) + piece.offset, piece.bytes)
  end
  return text
end

return {
  title = "A bio on its way to the disk",
  teaches = { "M18", "M08", "M21" },
  slides = { "DMA memory constraints", "DMA streaming mapping notes", "DMA summary" },
  boards = { "arm64", "arm64-smmu" },

  draw = function(d)
    return { first = d:number(0, 1), second = d:number(1, 3), tail = d:number(64, 256, 64),
        head = d:number(64, 192, 64), sector = d:number(0, 2), letters = d:text(3) }
  end,

  gives = function() return { disk = disk } end,

  play = function(student, v)
    local memory = __get_free_pages(GFP_KERNEL, 2)
    local pieces = {}
    for i, piece in ipairs(layout(v)) do
      pieces[i] = { page = virt_to_page(memory + piece[1] * PAGE_SIZE), offset = piece[2],
          bytes = piece[3] }
    end
    open_disk()
    student.foresee(core.board().iommu ~= "off", pieces)
    reveal(QUESTION, truth(v))
    local text = fill(pieces, v.letters)
    written = nil
    student.transfer(REQ_OP_WRITE, v.sector, pieces)
    expect(written, text, "what is on the disk")
    stored = text:upper()
    student.transfer(REQ_OP_READ, v.sector, pieces)
    expect(contents(pieces), stored, "what the CPU finds in the pages")
    close_disk()
    free_pages(memory, 2)
  end,

  checks = {
    { "what was written is on the disk, and what was read in the pages, when all is calm",
      points = 1, property = { "right", bound = 0, boards = { "arm64" } }, code = "M08" },
    { "the same behind an IOMMU", points = 1,
      property = { "right", bound = 0, boards = { "arm64-smmu" } } },
    { "the same on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 3, property = "rules" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "you know how many segments the disk gets", points = 2,
      property = { "predicted", QUESTION } },
  },

  bound = 1,
  hints = {
    "The calls of the driver are all there. Look at each number and each direction in " ..
        "transfer(): who made it, and who is told?",
    "A direction says where the data goes: to the device, or from it. Ask the request itself " ..
        "(`help rq_dma_dir`). Then play the file behind an IOMMU: `lab run on arm64-smmu`, and " ..
        "`help dma_map_sg` about what it answers.",
    "There are two numbers: how many entries the CPU filled in, and how many segments there are " ..
        "for the device. `help for_each_sg` says which is for whom, `help dma_unmap_sg` which " ..
        "one it wants. What the device gets is one segment where a piece begins as the one " ..
        "before it ends: in memory, or, with an IOMMU, both at the edge of a page.",
  },
}
