-- What the device did in this run.
local seen

-- Old or new bytes, after this operation on a line? The device reads memory; the CPU reads the line
-- if it is still there.
local function read_back(reader, dirty, operation)
  if reader == "device" then return operation == "invalidate" and "old" or "new" end
  if dirty then return operation == "invalidate" and "new" or "old" end
  return operation == "clean" and "old" or "new"
end

local situations = {
  { reader = "device", dirty = true, words = "the device reads, its bytes are in a dirty line" },
  { reader = "cpu", dirty = false, words = "the CPU reads, a clean line is older than memory" },
  { reader = "cpu", dirty = true, words = "the CPU reads, a dirty line is older than memory" },
}

return {
  title = "Which way is TO_DEVICE?",
  teaches = { "M08", "M09", "M14" },
  slides = { "Setting up streaming mappings", "Memory synchronization issues" },
  boards = { "arm64", "arm", "x86-iommu",
    { board = "x86", swiotlb = "256K", swiotlb_force = true } },
  bound = 1,

  draw = function(d)
    local operations = { "clean", "invalidate", "flush" }
    local size = d:number(24, 160, 8)
    return { request = d:text(size), packet = d:text(d:number(24, 160, 8)), question = d:text(size),
      answer = d:text(size),
      operations = { d:pick(operations), d:pick(operations), d:pick(operations) } }
  end,

  gives = function(v)
    seen = {}
    return {
      transmit = function(h, n) seen.request = dev:dma_read(h, n) end,
      arrives = function(h, n) dev:dma_write(h, v.packet:sub(1, n)) end,
      answer = function(h, n)
        seen.question = dev:dma_read(h, n)
        dev:dma_write(h, v.answer:sub(1, n))
      end,
    }
  end,

  play = function(student, v)
    for i, at in ipairs(situations) do
      local operation = v.operations[i]
      local question = at.words .. ", after cache." .. operation
      student.foresee(question, at.reader, at.dirty, operation)
      reveal(question, read_back(at.reader, at.dirty, operation))
    end
    student.send(dev, v.request)
    expect(seen.request, v.request, "what the device read in send()")
    expect(student.fetch(dev, #v.packet), v.packet, "what fetch() returned")
    local answer = student.exchange(dev, v.question)
    expect(seen.question, v.question, "what the device read in exchange()")
    expect(answer, v.answer, "what exchange() returned")
  end,

  checks = {
    { "send(): the device reads it, on every schedule", points = 1,
      property = { "right", of = "send()" } },
    { "fetch(): the CPU reads it, on every schedule", points = 1,
      property = { "right", of = "fetch()" } },
    { "exchange(): both read it, on every schedule", points = 2,
      property = { "right", of = "exchange()" } },
    { "no rule of the DMA API is broken", points = 2, property = "rules", code = "M09" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "no more is done to the caches than has to be", points = 1, code = "M09",
      property = { "cheap", boards = { "arm64" }, budget = function(v)
        local once = #v.request + 2 * #v.packet + 2 * #v.question
        return { maintained = { once, once + 1 } }
      end } },
    { "clean, invalidate, flush: what is read after it", points = 2, property = "predicted",
      code = "M14" },
  },

  hints = {
    "A direction says where the bytes go: to the device, which reads memory, or from it. It " ..
        "does not matter who asked for the transfer, or who calls whom.",
    "Ask of each of the three: does the device read memory here? Does it write memory here? In " ..
        "one of them both happens, between one map and one unmap.",
    "For foresee(), play it at the prompt: `write` makes a line dirty, `show bytes` " ..
        "shows what is in the line and what is in memory. Clean copies down, invalidate " ..
        "drops, flush copies down and then drops.",
  },
}
