local QUESTION = "what does the CPU read?"
local KEPT = DMA_ATTR_SKIP_CPU_SYNC   -- the calls leave the caches to the student

-- What a line that was written back behind the device's bytes has destroyed is old.
local function truth(v)
  local lines = {}
  for i, when in ipairs(v.back) do lines[i] = when == "after" and v.old[i] or v.new[i] end
  return table.concat(lines)
end

-- One transfer: the buffer holds what the CPU stored last, the device reads or writes it, or both.
local function transfer(student, job, dir)
  local n = #job.stored
  local buf = kmalloc(n)
  write(buf, job.stored)
  local h = dma_map_single_attrs(dev, buf, n, dir, KEPT)
  dma_mapping_error(dev, h)
  student.before(buf, n, dir)
  if dir ~= DMA_FROM_DEVICE then expect(dev:dma_read(h, n), job.stored, "what the device read") end
  if dir ~= DMA_TO_DEVICE then dev:dma_write(h, job.comes) end
  student.after(buf, n, dir)
  dma_unmap_single_attrs(dev, h, n, dir, KEPT)
  if dir ~= DMA_TO_DEVICE then expect(read(buf, n), job.comes, "what the CPU read") end
  kfree(buf)
end

return {
  title = "To invalidate after is not enough",
  teaches = { "M03", "M04", "M14" },
  slides = { "Memory synchronization issues", "Linux DMA API" },
  boards = { "arm64", "mips" },

  draw = function(d)
    local v = { old = { d:text(8), d:text(8), d:text(8) },
        new = { d:text(8), d:text(8), d:text(8) },
        back = d:pick { { "after", "before", "never" }, { "never", "after", "after" },
            { "before", "never", "after" }, { "after", "never", "after" } } }
    for _, name in ipairs { "to", "from", "both" } do
      local n = d:number(24, 120, 8)
      v[name] = { stored = d:text(n), comes = d:text(n) }
    end
    return v
  end,

  play = function(student, v)
    student.foresee(v.back, v.old, v.new)
    reveal(QUESTION, truth(v))
    transfer(student, v.to, DMA_TO_DEVICE)
    transfer(student, v.from, DMA_FROM_DEVICE)
    transfer(student, v.both, DMA_BIDIRECTIONAL)
  end,

  checks = {
    { "all three transfers are right, when all is calm", points = 1,
      property = { "right", bound = 0 } },
    { "all three are right on every schedule", points = 3, property = "right" },
    { "no byte is lost on the way, as the rules have it", points = 2, property = "rules" },
    { "no more is done to the caches than needed", points = 2, code = "M14",
      property = { "cheap", budget = function(v)
        local to, from, both = #v.to.stored, #v.from.stored, #v.both.stored
        local needed = to + 2 * from + 2 * both
        return { maintained = { needed, needed + to } }
      end } },
    { "you foresaw what the CPU reads", points = 2, property = { "predicted", QUESTION } },
  },

  hints = {
    "Think of the lines of the buffer when the device begins: the CPU has just stored into " ..
        "it. What may a cache do with such a line at any time, and what does that do to bytes " ..
        "the device has written meanwhile?",
    "Each transfer has two points, before and after, and each direction needs something at " ..
        "one of them or at both. Make a table of two columns and three rows; help archs shows " ..
        "such tables.",
    "clean writes back and keeps the line; invalidate drops it, stores and all; flush does " ..
        "both. A line that is not dirty cannot be written back. A line that has been read " ..
        "ahead has to go.",
  },
}
