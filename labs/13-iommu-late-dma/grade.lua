-- The card is the crypto device with key 0, which copies: it reads the lab's packet from one buffer
-- and writes it where the student says.
local card = devices.crypto
local SOURCE, DESTINATION, LENGTH, COMMAND = 0x10, 0x18, 0x28, 0x2c
local START = 1

local SLOW = 8000              -- the card reads after so many cycles, and writes after as many more
local LINE = 64                -- bytes the card writes at once, so that the IOMMU has seen the page

-- Where the bytes of a write go that comes after the unmap.
local USED, UNUSED = "a page the card had written to", "a page the card had not used"
local goes_to = {
  off    = { [USED] = "memory", [UNUSED] = "memory" },
  strict = { [USED] = "fault",  [UNUSED] = "fault" },
  lazy   = { [USED] = "memory", [UNUSED] = "fault" },
}

local asked                    -- how often the driver has asked for the packet
local source                   -- bus address of the packet the card has to deliver

-- The card is told to copy so many bytes of the packet to h.
local function command(h, n)
  writeq(source, card.bar + SOURCE)
  writeq(h, card.bar + DESTINATION)
  writel(n, card.bar + LENGTH)
  writel(START, card.bar + COMMAND)
end

local function with_packet(text, fn)
  local va = kmalloc(#text)
  write(va, text)
  source = dma_map_single(card, va, #text, DMA_TO_DEVICE)
  dma_mapping_error(card, source)
  fn()
  dma_unmap_single(card, source, #text, DMA_TO_DEVICE)
  kfree(va)
end

-- Somebody else gets memory of the same size, stores to its end, and after a while sends that.
local function others_send(n, text)
  local va = kmalloc(n)
  local record = va + n - #text
  write(record, text)
  local h = dma_map_single(dev, record, #text, DMA_TO_DEVICE)
  dma_mapping_error(dev, h)
  run(5 * SLOW)
  local got = dev:dma_read(h, #text)
  dma_unmap_single(dev, h, #text, DMA_TO_DEVICE)
  kfree(va)
  return got
end

return {
  title = "A device that is late, with an IOMMU and without",
  teaches = { "M30", "M22" },
  slides = { "Linux DMA API", "DMA streaming mapping notes" },
  boards = { { board = "x86", cycles_device = SLOW }, { board = "x86-iommu", cycles_device = SLOW },
             { board = "arm64-smmu", cycles_device = SLOW } },

  draw = function(d)
    return { size = d:number(256, 1024, 64), patience = d:number(SLOW, 3 * SLOW // 2),
             text = d:text(16), other = d:text(64) }
  end,

  gives = function(v)
    asked = 0
    return {
      ask = function(h)
        asked = asked + 1
        command(h, LINE)
        card:wait()
        command(h, v.size)
      end,
    }
  end,

  play = function(student, v)
    local iommu = core.board().iommu
    student.foresee(iommu)
    for _, question in ipairs { USED, UNUSED } do reveal(question, goes_to[iommu][question]) end
    local packet = v.text:rep(v.size // #v.text)
    with_packet(packet, function()
      expect(student.receive(card, v.size, v.patience), nil, "what a call out of time returns")
      expect(others_send(v.size, v.other), v.other,
          "what somebody else sends out of the memory that was freed")
      expect(student.receive(card, v.size, 10 * SLOW), packet, "what the driver received")
      expect(asked, 2, "how often the card was asked")
    end)
  end,

  checks = {
    { "nobody's memory is overwritten, when all is calm", points = 2,
      property = { "right", bound = 0 } },
    { "nobody's memory is overwritten on any schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 3, property = "rules" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "foreseen: a late write to a page the card had written to", points = 1,
      property = { "predicted", USED } },
    { "foreseen: a late write to a page the card had not used", points = 1,
      property = { "predicted", UNUSED } },
  },

  hints = {
    "When the wait is over, ask the card once more: card:busy(). What is it doing, and to which " ..
        "address? `show mappings` and `show iommu` say what it may reach at that moment.",
    "A card that was told to stop no longer writes. help(\"crypto\") names the register and the " ..
        "value that stop it. Only then may the buffer change hands.",
    "A register write is posted: it may wait on its way while the CPU goes on. Reading a " ..
        "register of the same card makes sure that it has arrived. For foresee(): unmap takes " ..
        "the page out of the IOMMU's tables at once. What may outlive that is what the IOMMU " ..
        "remembers of them, and it remembers only what a device has used.",
  },
}
