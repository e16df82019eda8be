local QUESTION = "does it fit?"
local MARK, STRIDE = 16, 16384     -- a mark of so many bytes stands at each multiple of STRIDE

-- One mapping takes 128 slots of the pool at most; what is kept of the address costs some of them.
local SLOT = 2048
local function most(keep) return 128 * SLOT - (keep + SLOT - 1) // SLOT * SLOT end

-- The picture: RAM the device cannot reach, with a mark here and there.
local function picture_of(v)
  local pages = alloc_pages(GFP_KERNEL, 7)
  local va = page_address(pages) + v.skew
  for at = 0, v.size - MARK, STRIDE do write(va + at, ("%s%08x"):format(v.text, at)) end
  return va, pages
end

local function marks_of(v)
  local marks = {}
  for at = 0, v.size - MARK, STRIDE do marks[#marks + 1] = ("%s%08x"):format(v.text, at) end
  return table.concat(marks, " ")
end

local seen, at                     -- the marks the device found, and how far it has come

return {
  title = "Bounce buffers, and the wall at 256 KiB",
  teaches = { "M23", "M24", "M27", "M15", "M29" },
  slides = { "DMA memory constraints", "DMA streaming mapping notes" },

  -- Without allocation on a miss the copies of a whole picture take half as long to play.
  boards = { { board = "x86", dma_mask_bits = 24, swiotlb = "1M", l1_allocate = false,
               l2_allocate = false } },

  draw = function(d)
    return { size = d:number(260, 288, 4) << 10, skew = d:number(128, 896, 64), text = d:text(8),
             keep = d:pick { 1023, 4095, 8191 },     -- low address bits the device wants kept
             asked = d:number(244, 260) << 10, pool = d:pick { 1, 2, 4 } << 20 }
  end,

  gives = function(v)
    return {
      device_reads = function(h, n)
        for mark = (STRIDE - at % STRIDE) % STRIDE, n - MARK, STRIDE do
          seen[#seen + 1] = dev:dma_read(h + mark, MARK)
        end
        if n > 0 then dev:dma_read(h + n - 1, 1) end     -- the part has to be there to its end
        at = at + n
      end,
    }
  end,

  play = function(student, v)
    seen, at = {}, 0
    dma_set_min_align_mask(dev, v.keep)
    local probed = student.probe(dev, core.board().dma_mask_bits)
    student.foresee(dev, v.asked, v.pool)
    reveal(QUESTION, v.asked <= most(v.keep) and "yes" or "no")
    expect(probed, true, "what probe() returns")
    local va, pages = picture_of(v)
    expect(student.send(dev, va, v.size), true, "what send() returns")
    expect(table.concat(seen, " "), marks_of(v), "what the device read")
    __free_pages(pages, 7)
  end,

  checks = {
    { "the device reads the whole picture", points = 3, property = "right" },
    { "no rule of the DMA API is broken", points = 3, property = "rules", code = "M27" },
    { "nothing is left mapped or allocated", points = 2, property = "nothing_left", code = "M22" },
    { "it is foreseen what fits in one mapping", points = 2, property = { "predicted", QUESTION },
      code = "M24" },
  },

  hints = {
    "What does the device do with an address that has more bits than it has wires? why() " ..
        "shows one before and after. Then help dma_set_mask: the kernel believes 32 bits until " ..
        "somebody tells it better.",
    "\"swiotlb buffer is full\", yet it says used 0: nothing was in it. Ask the kernel how much " ..
        "it takes at once: help(\"dma_max_mapping_size\"). Does that number change with swiotlb=?",
    "Go through the picture in a loop, a part at a time: map it, ask for an error, let the " ..
        "device read it, unmap it. How large a part may be is for the kernel to say.",
  },
}
