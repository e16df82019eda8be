local QUESTION = "which way is cheaper?"
local ROUNDS = 2               -- of the mailbox
local MAPPED = 1024            -- bytes of the transfer that is measured

-- Cycles the CPU spends until it has looked at the first bytes of what the device wrote. Memory and
-- mapping were there before and stay: they are not counted.
local function cycles_of(fn)
  local began = cycles()
  fn()
  return cycles() - began
end

local function streaming_cost(look)
  local va = kmalloc(MAPPED)
  local h = dma_map_single(dev, va, MAPPED, DMA_FROM_DEVICE)
  dma_mapping_error(dev, h)
  cache.flush(va, MAPPED)
  local cost = cycles_of(function()
    dma_sync_single_for_cpu(dev, h, MAPPED, DMA_FROM_DEVICE)
    read(va, look)
  end)
  dma_unmap_single(dev, h, MAPPED, DMA_FROM_DEVICE)
  kfree(va)
  return cost
end

local function coherent_cost(look)
  local va, h = dma_alloc_coherent(dev, MAPPED)
  cache.flush(va, MAPPED)
  local cost = cycles_of(function() read(va, look) end)
  dma_free_coherent(dev, MAPPED, va, h)
  return cost
end

local function cheaper(look)
  local streaming, coherent = streaming_cost(look), coherent_cost(look)
  if streaming == coherent then return "same" end
  return streaming < coherent and "streaming" or "coherent"
end

-- What a careful driver spends on the arm64 board: the two allocations, the mailbox and the
-- measuring above; and for each byte of the picture and of what is measured.
local ONCE, A_BYTE, A_BYTE_LOOKED_AT = 28500, 9.4, 9.4
-- By how much more a picture in coherent memory costs, at least.
local MORE, MORE_A_BYTE = 5000, 9

local function budget(v)
  local least = math.floor(ONCE + A_BYTE * v.size + A_BYTE_LOOKED_AT * v.look)
  return { cycles = { least + MORE // 2, least + MORE + MORE_A_BYTE * v.size } }
end

local function picture(v, i) return v.text:sub(1, v.size):gsub("a", v.colours[i]) end

local shown, looked            -- what the device read: pictures, and the CPU's numbers

return {
  title = "Coherent or streaming",
  teaches = { "M13", "M12" },
  slides = { "Coherent or streaming DMA mappings", "Allocating coherent mappings", "DMA summary" },

  -- The caches of this arm64 hold 256 bytes: a picture is larger.
  boards = { { board = "arm64", l1_sets = 2, l1_ways = 2, l2_sets = 0 }, "x86" },
  bound = 1,

  draw = function(d)
    return { size = d:number(512, 1024, 64), text = "a" .. d:long_text(1023),
             look = d:pick { 8, 64, 256 }, colours = { d:text(1), d:text(1) },
             first = d:number(100, 900) }
  end,

  gives = function(v)
    local delivered, counted = 0, 0
    return {
      device_delivers = function(h)
        delivered = delivered + 1
        dev:dma_write(h, (picture(v, delivered)))
      end,
      device_shows = function(h)
        shown[#shown + 1] = dev:dma_read(h, v.size)
      end,
      device_counts = function(h)
        counted = counted + 1
        dev:start_write(h, ("<I8"):pack(v.first + counted))
      end,
      device_looks = function(h)
        dev:wait()
        looked[#looked + 1] = ("<I8"):unpack(dev:dma_read(h, 8))
      end,
    }
  end,

  play = function(student, v)
    shown, looked = {}, {}
    student.foresee(core.board().coherent, v.look)
    reveal(QUESTION, cheaper(v.look))
    student.pictures(dev, v.size, #v.colours)
    for i = 1, #v.colours do
      expect(shown[i], (picture(v, i)):upper(), "the picture the device shows")
    end
    local seen = student.mailbox(dev, ROUNDS)
    if type(seen) ~= "table" then seen = {} end
    for i = 1, ROUNDS do
      expect(seen[i], v.first + i, "the number of the device, as the CPU saw it,")
      expect(looked[i], i, "the number the device found in the mailbox")
    end
  end,

  checks = {
    { "pictures and mailbox are right, when all is calm", points = 1,
      property = { "right", bound = 0 } },
    { "they are right on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 2, property = "rules" },
    { "nothing is left mapped or allocated", points = 1, property = "nothing_left", code = "M22" },
    { "it costs no more than it has to", points = 2,
      property = { "cheap", budget = budget, boards = { "arm64" } } },
    { "it is foreseen which way is cheaper", points = 2, property = { "predicted", QUESTION } },
  },

  hints = {
    "Who touches the pictures, and when: one after the other, or both at once? And the mailbox? " ..
        "Draw two lines of time, one for the CPU and one for the device.",
    "A buffer that changes hands can stay in the cache, and then each pass of the CPU is cheap. " ..
        "What neither side ever hands over has no moment for a sync: help(\"dma_alloc_coherent\").",
    "For foresee(): load 8 bytes of coherent memory at the prompt and look at cycles() before " ..
        "and behind; then of a mapped buffer, with the sync it needs. Then 64 bytes. How many " ..
        "bytes does the CPU fetch when a line is not there, and how many when nothing is cached?",
  },
}
