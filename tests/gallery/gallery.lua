-- What a scenario of the gallery is, and how one is played.
--
-- A scenario is a file of its own, named after the row of the gallery and the driver. It returns
-- gallery { ... } with
--   row      number in the gallery of real cases
--   driver   where the case was seen; subject, commit: as the kernel's history has them
--   wrong    what was wrong, in one sentence
--   rule     what dmalab must call it, or nil where the driver was right and only looked wrong
--   machine  the machine it is shown on; without one { board = "arm64" }
--   broken   the smallest driver that does the same
--   mended   the same driver, right; it must stay clean on every board, back end and seed
-- `dmalab run tests/gallery/NN-name.lua` plays one and says what the checker said.

local gallery = {}

-- Rings and disks are made of the parts of the drivers next door: require "parts".
local folder = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
package.path = package.path .. ";" .. folder .. "/../drivers/?.lua"

-- Drivers ask dma_mapping_error after each map; here it is one word.
function gallery.map(va, n, direction)
  local h = dma_map_single(dev, va, n, direction)
  if dma_mapping_error(dev, h) ~= 0 then error("the map failed", 0) end
  return h
end

-- n bytes filled with a letter, as data that can be told from other data.
function gallery.filled(n, letter)
  local va = kmalloc(n) or error("no memory", 0)
  write(va, letter:rep(n))
  return va
end

-- n bytes rounded up to whole lines of DMA (where devices snoop, any size will do).
function gallery.whole_lines(n)
  local line = dma_get_cache_alignment()
  return (n + line - 1) // line * line
end

-- A list of n pages that follow each other, as an IOMMU likes to merge them, and the first page of
-- the block of four they come from.
function gallery.pages(n)
  local first = alloc_pages(GFP_KERNEL, 2) or error("no memory", 0)
  local sg = scatterlist(n)
  sg_init_table(sg, n)
  for i = 0, n - 1 do sg_set_page(sg[i], first + 64 * i, 4096, 0) end
  return sg, first
end

-- One segment of n bytes, to a device that looks at its first 64.
function gallery.send_segment(n)
  local buf = kmalloc(n)
  if not buf then return end
  local sg = scatterlist(1)
  sg_init_one(sg, buf, n)
  if dma_map_sg(dev, sg, 1, DMA_TO_DEVICE) == 0 then return end
  dev:dma_read(sg_dma_address(sg), 64)
  dma_unmap_sg(dev, sg, 1, DMA_TO_DEVICE)
  kfree(buf)
end

-- What a device with this mask gets of coherent memory, or nil where the mask cannot be served. x86
-- hands out memory above its 16 MiB of ZONE_DMA first.
function gallery.sent_with_mask(bits)
  if dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) ~= 0 then return end
  local va, dma = dma_alloc_coherent(dev, 4096)
  if not va then return end
  write(va, ("v"):rep(64))
  wmb()
  local got = dev:dma_read(dma, 64)
  dma_free_coherent(dev, 4096, va, dma)
  return got
end

function gallery.check(got, want, what)
  if got ~= want then error(what .. " is not what was sent", 0) end
end

-- Play one half on the machine that is on; then the driver lets go of its devices. What it raised,
-- or nil.
function gallery.play(half)
  local fine, why = pcall(half)
  for _, device in pairs(devices) do device:unbind() end
  return not fine and tostring(why) or nil
end

-- The violation of this rule, of any severity; of any rule when none is named.
function gallery.named(rule)
  for _, v in ipairs(violations("all")) do
    if not rule or v.rule == rule then return v end
  end
end

-- What CONFIG_DMA_API_DEBUG said: the rule of its first complaint, or nil.
function gallery.dma_debug()
  for _, line in ipairs((core.dma_debug_log())) do
    if line.rule then return line.rule end
  end
end

local function tell(case)
  print(("%d  %s: %s"):format(case.row, case.driver, case.subject or case.commit))
  print("   " .. case.wrong)
  for _, half in ipairs { "broken", "mended" } do
    machine(case.machine)
    print(("\n%s, on %s"):format(half, core.board().arch))
    local why = gallery.play(case[half])
    if why then print("  the driver gave up: " .. why) end
    print("  dmalab: " .. ((gallery.named() or {}).text or "no rule was broken"))
    print("  dma-debug: " .. (gallery.dma_debug() or "nothing"))
  end
end

-- A scenario that is the script itself is told at once.
return setmetatable(gallery, { __call = function(_, case)
  case.machine = case.machine or { board = "arm64" }
  if arg and debug.getinfo(case.broken, "S").source == "@" .. arg[0] then
    core.announce = nil
    tell(case)
    os.exit(true, true)
  end
  return case
end })
