local ENOMEM <const> = -12

-- What the device read, and whether attach() was called, since this was last empty.
local seen

-- The IOMMU's tables have room for so many pages, and each buffer of the driver takes one.
local PAGES <const> = 20

-- Registers of another device fill a mapping, and take no memory.
local OTHERS <const> = 0x40100000

-- Maps so much that there is room for so many buffers more. Answers what ends it.
local function leave_room(wanted)
  local size, h = (PAGES - wanted) * PAGE_SIZE, nil
  local function try()
    h = dma_map_resource(dev, OTHERS, size, DMA_TO_DEVICE, 0)
    return dma_mapping_error(dev, h) == 0
  end
  while not try() do size = size - PAGE_SIZE end
  return function() dma_unmap_resource(dev, h, size, DMA_TO_DEVICE, 0) end
end

local function probe(student, v) return student.probe(dev, v.command, v.data, v.room) end

local function map_fails(student, v, number)
  local give_back = leave_room(number - 1)
  seen = {}
  expect(probe(student, v), ENOMEM, "what probe() answers when map " .. number .. " fails")
  expect(seen.attached, nil, "what became of attach() when map " .. number .. " fails")
  give_back()
end

return {
  title = "Every way out",
  teaches = { "M22", "M15" },
  slides = { "Setting up streaming mappings", "Linux DMA API" },
  boards = {
    { board = "x86-iommu", iommu_entries = PAGES },
    { board = "arm64-smmu", iommu_entries = PAGES },
  },
  bound = 1,

  draw = function(d)
    local room = d:number(16, 64, 8)
    return { command = d:text(d:number(16, 64, 8)), data = d:text(d:number(64, 512, 8)),
      room = room, status = d:text(room), error = -d:pick { 5, 16, 19, 110 } }
  end,

  gives = function(v)
    seen = {}
    return {
      attach = function(command, command_size, data, data_size, status, status_size)
        seen.attached = "it was called"
        if seen.broken then return v.error end
        seen.command = dev:dma_read(command, command_size)
        seen.data = dev:dma_read(data, data_size)
        dev:dma_write(status, v.status:sub(1, status_size))
        return 0
      end,
    }
  end,

  play = function(student, v)
    for number = 1, 3 do map_fails(student, v, number) end
    seen = { broken = true }
    expect(probe(student, v), v.error, "what probe() answers when attach() fails")
    seen = {}
    expect(probe(student, v), 0, "what probe() answers when all goes well")
    expect(seen.command, v.command, "the command the device read when all goes well")
    expect(seen.data, v.data, "the data the device read when all goes well")
    expect(student.remove(dev), v.status, "what remove() returns when all goes well")
  end,

  checks = {
    { "when all goes well, the bytes get there", points = 1,
      property = { "right", of = "all goes well" } },
    { "when something fails, probe() says so and stops", points = 2, code = "M15",
      property = { "right", of = "fails" } },
    { "dma_mapping_error is asked about every map", points = 2, code = "M15",
      property = { "rules", "map-error-unchecked" } },
    { "no rule of the DMA API is broken", points = 2, property = "rules" },
    { "nothing is left, whichever way it went", points = 3, property = "nothing_left" },
  },

  hints = {
    "Go through probe() line by line and ask of each call: what do I hold at this moment? All " ..
        "of that has to go back if the next call fails, and nothing else.",
    "A map that failed gave you no address: there is nothing to tell attach(), and nothing to " ..
        "unmap. Zero is a good address; only dma_mapping_error knows.",
    "Keep a list of what you hold. What gives it back, the last first, is then one function for " ..
        "every way out, and for remove() too.",
  },
}
