-- What the device read in this run, piece by piece; how much of its packet it has written; and what
-- was allocated before the driver began, and while it moved its bytes.
local pieces, written, before, during

local function allocated()
  local _, blocks, pages = core.held()
  return blocks + pages
end

return {
  title = "One piece for the CPU",
  teaches = { "M18" },
  slides = { "DMA memory constraints", "DMA streaming mapping notes" },
  boards = { "arm64", "arm64-smmu", "x86" },
  bound = 1,

  draw = function(d)
    return { lead = d:number(3264, 4032, 64), text = d:text(32), n = d:number(840, 1000, 8),
      lead_in = d:number(2048, 7168, 64), packet = d:text(64), lines = d:number(8, 16),
      first = d:number(0, 4095), many = d:number(2000, 40000) }
  end,

  gives = function(v)
    pieces, written, during = {}, 0, 0
    local packet = v.packet:rep(v.lines)
    local function look() during = math.max(during, allocated()) end
    return {
      transmit = function(h, n)
        look()
        pieces[#pieces + 1] = dev:dma_read(h, n)
      end,
      arrives = function(h, n)
        look()
        dev:dma_write(h, packet:sub(written + 1, written + n))
        written = written + n
      end,
    }
  end,

  play = function(student, v)
    local area = vmalloc(2 * PAGE_SIZE)
    local va, text = area + v.lead, v.text:rep(v.n // #v.text + 1):sub(1, v.n)
    local question = "how many pages these bytes lie in"
    student.foresee(question, area + v.first, v.many)
    reveal(question, (v.first + v.many + PAGE_SIZE - 1) // PAGE_SIZE)
    write(va, text)
    before = allocated()
    student.send(dev, va, v.n)
    expect(table.concat(pieces), text, "what the device read in send()")
    local packet = v.packet:rep(v.lines)
    student.fetch(dev, area + v.lead_in, #packet)
    expect(read(area + v.lead_in, #packet), packet, "what the CPU reads after fetch()")
    expect(written, #packet, "how many bytes the device wrote in fetch()")
    expect(math.max(during - before, 0), 0, "how many blocks were allocated for a copy")
    vfree(area)
  end,

  checks = {
    { "the pages are foreseen", points = 2, property = "predicted" },
    { "send() works on every schedule", points = 2, property = { "right", of = "send()" } },
    { "fetch() works on every schedule", points = 2, property = { "right", of = "fetch()" } },
    { "no rule of the DMA API is broken", points = 2, property = "rules", code = "M21" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "all of it without a copy", points = 1, property = { "right", bound = 0 } },
  },

  hints = {
    "One behind the other for the CPU, anywhere in RAM: at the prompt, print " ..
        "page_to_phys(vmalloc_to_page(va)) for each page of an area.",
    "A scatterlist has an entry for each page: sg_set_page(entry, page, size, offset). The " ..
        "first begins somewhere in its page, the last ends somewhere; the sizes add up to n.",
    "dma_map_sg answers how many pieces the device is to be told, which may be fewer than there " ..
        "are entries: an IOMMU can make one of many. Unmap takes the other number.",
  },
}
