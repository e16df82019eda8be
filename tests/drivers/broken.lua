-- Drivers that break a rule. Each must be named, by the right rule and with the advice that mends
-- it, on the boards where it goes wrong; on the others, the same lines must be clean.
--
-- A row: { "what the driver does wrong", function, named = { kind = says(rule, advice) } }. A
-- kind is a board's name, else "noncoherent" or "coherent"; one that is missing is clean.
-- hidden: what nature does of its own accord may hide or change the mistake (an early write-back, a
-- line read ahead), so with a seed nothing is asked of boards that are not coherent.
-- boards and settings are as in correct.lua. debug is what dma-debug names too, on every board.

local parts = require "parts"
local TO, FROM, BOTH = parts.TO, parts.FROM, parts.BOTH
local buffer, cached_buffer = parts.buffer, parts.cached_buffer
local page, coherent = parts.page, parts.coherent
local map, unmap, for_cpu, for_device = parts.map, parts.unmap, parts.for_cpu, parts.for_device

-- Small, so that the caches of board tiny hold it whole.
local N = 64

-- A piece of each advice of core/watch/rules.def that no other has.
local advice = {
  sync_for_cpu = "between the device's write and this read",
  device_owns = "read it after that",
  never_mapped_in = "DMA_FROM_DEVICE) before the device writes",
  wrong_direction_in = "so map it DMA_FROM_DEVICE",
  other_direction = "name the direction of the map",
  coherent_alias = "through its cached address",
  size_too_small = "did not cover these bytes",
  size_too_big = "larger than the mapping",
  unmapped_early = "before the device had written",
  sync_for_device = "between this store and the device's read",
  never_mapped_out = "DMA_TO_DEVICE) after the last store",
  wrong_direction_out = "map it DMA_TO_DEVICE",
  store_too_late = "store before dma_map_single",
  line_shared = "whole lines of its own",
  dirty_line = "the line was dirty when the device wrote",
  dropped_by_hand = "cache.flush writes them back first",
  stored_before_unmap = "the CPU stored after dma_sync_single_for_cpu",
  no_live_mapping = "names no live mapping",
  mapping_over = "unmap only when the device is done",
  physical_address = "this is a physical address",
  mapping_failed = "this is DMA_MAPPING_ERROR",
  virtual_address = "this is a CPU virtual address",
  no_mapping = "nothing is mapped here",
  not_writable = "lets the device read it and nothing else",
  not_readable = "lets the device write it and nothing else",
  unmapped_with = "another unmap was larger than its mapping",
  outside = "runs past the end of the mapping",
  none = "",
}

local function says(rule, hint)
  return { rule = rule, advice = assert(advice[hint or "none"], hint) }
end

local function noncoherent(...) return { noncoherent = says(...) } end

local function everywhere(...) return { noncoherent = says(...), coherent = says(...) } end

local drivers = {}
local function driver(row) drivers[#drivers + 1] = row end

-- The device does not get what the CPU stored ----------------------------------------------------

driver { "a store after the map, before the device reads", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  store(a, 1)
  dev:dma_read(h, N)
end, named = noncoherent("cpu-write-device-owned", "store_too_late") }

driver { "a store after the map stays in the cache", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  store(a, 1)
  dev:dma_read(h, N)
end, named = noncoherent("device-read-stale", "store_too_late"), hidden = true }

driver { "a store while the device reads", function()
  local a = buffer(1024, "a")
  local h = map(a, 1024, TO)
  dev:start_read(h, 1024)
  store(a + 1016, 1)
  dev:wait()
end, named = noncoherent("cpu-write-device-owned", "store_too_late") }

driver { "no sync for the device after the CPU's turn", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  for_cpu(h, N, TO)
  store(a, 1)
  dev:dma_read(h, N)
end, named = noncoherent("device-read-stale", "sync_for_device"), hidden = true }

driver { "sync of the header for the device, the rest was stored too", function()
  local a = buffer(2 * N, "a")
  local h = map(a, 2 * N, TO)
  for_cpu(h, 2 * N, TO)
  write(a, ("b"):rep(2 * N))
  for_device(h, N, TO)
  dev:dma_read(h, 2 * N)
end, named = noncoherent("device-read-stale", "sync_for_device"), hidden = true }

-- Newer arm64 and riscv clean in every direction, so there it arrives by luck.
local tells_the_direction = says("device-read-stale", "wrong_direction_out")
driver { "transmit with a mapping FROM_DEVICE", function()
  local a = buffer(N, "t")
  dev:dma_read(map(a, N, FROM), N)
end, named = { arm = tells_the_direction, mips = tells_the_direction,
               ["arm64-pre-5.19"] = tells_the_direction }, hidden = true }

driver { "transmit memory that was never mapped", function()
  dev:dma_read(parts.bus_address(virt_to_phys(buffer(N, "t"))), N)
end, named = { noncoherent = says("device-read-stale", "never_mapped_out"),
               coherent = says("device-unmapped", "no_mapping") }, hidden = true }

driver { "the first of two mappings is over, the CPU writes what the second still lends", function()
  local a = buffer(N, "A")
  local first, second = map(a, N, TO), map(a, N, TO)
  unmap(first, N, TO)
  store(a, 1)
  dev:dma_read(second, N)
end, named = everywhere("cpu-write-device-owned", "store_too_late") }

-- The CPU does not get what the device wrote -----------------------------------------------------

driver { "a load after the map, before the unmap", function()
  local a = cached_buffer(N)
  local h = map(a, N, FROM)
  load(a)
  dev:dma_write(h, ("n"):rep(N))
  read(a, N)
end, named = noncoherent("cpu-read-device-owned", "device_owns") }

driver { "the CPU polls a mapped word for the device's answer", function()
  local a = parts.zeroed(N)
  local h = map(a, N, BOTH)
  load(a)
  dev:dma_write(h, string.pack("<I8", 1))
  for _ = 1, 10 do load(a) end
end, named = noncoherent("stale-read", "sync_for_cpu"), hidden = true }

driver { "unmap with too small a size", function()
  local a = cached_buffer(2 * N)
  local h = map(a, 2 * N, FROM)
  load(a + N)
  dev:dma_write(h, ("n"):rep(2 * N))
  unmap(h, N, FROM)
  read(a, 2 * N)
end, debug = "unmap-size", named = noncoherent("stale-read", "size_too_small"), hidden = true }

driver { "sync for the CPU of the header, then a look at the rest", function()
  local a = buffer(2 * N)
  local h = map(a, 2 * N, FROM)
  dev:dma_write(h, ("n"):rep(2 * N))
  for_cpu(h, N, FROM)
  read(a, 2 * N)
end, named = noncoherent("cpu-read-device-owned", "device_owns"), hidden = true }

driver { "unmap of the second half under a handle of its own, the map covered both", function()
  local a = buffer(2 * N)
  local h = map(a, 2 * N, FROM)
  dev:dma_write(h, ("n"):rep(2 * N))
  unmap(h + N, N, FROM)
  read(a, 2 * N)
end, debug = "unmap-unknown", named = noncoherent("cpu-read-device-owned", "device_owns") }

-- Where the map drops the lines, nothing old is left for the CPU to find.
local names_the_direction = says("stale-read", "other_direction")
driver { "unmap with another direction than the map", function()
  local a = cached_buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  unmap(h, N, TO)
  read(a, N)
end, debug = "unmap-direction", named = { arm64 = names_the_direction, tiny = names_the_direction,
               riscv = names_the_direction }, hidden = true }

driver { "receive with a mapping TO_DEVICE", function()
  local a = cached_buffer(N)
  local h = map(a, N, TO)
  dev:dma_write(h, ("n"):rep(N))
  unmap(h, N, TO)
  read(a, N)
end, named = noncoherent("stale-read", "wrong_direction_in"), hidden = true }

local finds_the_old = says("stale-read", "sync_for_cpu")
driver { "sync for the device where the CPU's turn was meant", function()
  local a = cached_buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  for_device(h, N, FROM)
  load(a)
end, named = { noncoherent = says("cpu-read-device-owned", "device_owns"),
               arm64 = finds_the_old, tiny = finds_the_old, riscv = finds_the_old }, hidden = true }

driver { "sync for the CPU with another direction than the map", function()
  local a = cached_buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  for_cpu(h, N, TO)
  read(a, N)
end, debug = "sync-direction", named = { arm64 = names_the_direction, tiny = names_the_direction,
               riscv = names_the_direction }, hidden = true }

-- Where nothing is done after a transfer, what the CPU read of the first one stays in the cache:
-- only a sync for the device drops it. On the boards the same lines do no harm: see correct.lua.
driver { "receive again without a sync for the device, on a kernel that does nothing afterwards",
  function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  for i = 1, 2 do
    dev:dma_write(h, tostring(i):rep(N))
    for_cpu(h, N, FROM)
    read(a, N)
  end
end, named = { arm = says("stale-read") }, boards = { "arm" },
  settings = { arch = "arm-v5", speculates = false }, hidden = true }

driver { "receive in memory that was never mapped", function()
  local a = cached_buffer(N)
  dev:dma_write(parts.bus_address(virt_to_phys(a)), ("n"):rep(N))
  read(a, N)
end, named = { noncoherent = says("stale-read", "never_mapped_in"),
               coherent = says("device-unmapped", "no_mapping") }, hidden = true }

-- The device is slower than the driver -----------------------------------------------------------

driver { "unmap and read before the device has written", function()
  local a = buffer(1024)
  local h = map(a, 1024, FROM)
  dev:start_write(h, ("n"):rep(1024))
  unmap(h, 1024, FROM)
  read(a, 1024)
  dev:wait()
end, named = everywhere("device-unmapped", "mapping_over") }

driver { "sync for the CPU and read before the device has written", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  dev:start_write(h, ("n"):rep(N))
  for_cpu(h, N, FROM)
  read(a, N)
  dev:wait()
  read(a, N)
end, named = noncoherent("stale-read", "unmapped_early"), hidden = true }

driver { "read without a sync while the device writes", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  dev:start_write(h, ("n"):rep(N))
  read(a, N)
  dev:wait()
end, named = noncoherent("cpu-read-device-owned", "device_owns") }

driver { "free coherent memory while the device writes it", function()
  local c, h, size = coherent()
  dev:start_write(h, ("n"):rep(512))
  dma_free_coherent(dev, size, c, h)
  dev:wait()
end, named = everywhere("device-unmapped", "mapping_over") }

-- Data that is lost ------------------------------------------------------------------------------

driver { "a store after the sync for the CPU, then the unmap drops it", function()
  local a = buffer(N)
  local h = map(a, N, BOTH)
  dev:dma_write(h, ("n"):rep(N))
  for_cpu(h, N, BOTH)
  write(a, ("w"):rep(N))
  unmap(h, N, BOTH)
  read(a, N)
end, named = noncoherent("cpu-data-lost", "stored_before_unmap"), hidden = true }

driver { "unmap with too big a size drops what the CPU stored beside it", function()
  local a = buffer(4 * N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  write(a + 2 * N, ("k"):rep(N))
  unmap(h, 4 * N, FROM)
end, debug = "unmap-size", named = noncoherent("cpu-data-lost", "size_too_big"), hidden = true }

driver { "unmapped twice, a store in between", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  unmap(h, N, FROM)
  store(a, 3)
  unmap(h, N, FROM)
end, debug = "unmap-unknown", named = noncoherent("cpu-data-lost", "no_live_mapping"), hidden = true }

driver { "cache.invalidate on a line that was stored to", function()
  local a = buffer(N)
  store(a, 1)
  cache.invalidate(a, N)
end, named = everywhere("cpu-data-lost", "dropped_by_hand"), hidden = true }

driver { "the device writes memory with dirty lines that was never mapped", function()
  local a = buffer(N, "d")
  dev:dma_write(parts.bus_address(virt_to_phys(a)), ("n"):rep(N))
  cache.clean(a, N)
end, named = { noncoherent = says("device-data-lost", "dirty_line"),
               coherent = says("device-unmapped", "no_mapping") }, hidden = true }

driver { "no sync for the device after a store, the line is written back later", function()
  local a = buffer(N)
  local h = map(a, N, BOTH)
  for_cpu(h, N, BOTH)
  store(a, 1)
  dev:dma_write(h, ("n"):rep(N))
  cache.clean(a, N)
end, named = noncoherent("device-data-lost", "store_too_late"), hidden = true }

-- What becomes of a shared line depends on how an unmap treats it: written back over the device's
-- bytes, or dropped with the CPU's store.
local shared_line = {
  noncoherent = says("device-data-lost", "line_shared"),
  arm = says("stale-read", "line_shared"),
  riscv = says("cpu-data-lost", "line_shared"),
  mips = says("cpu-data-lost", "line_shared"),
}

driver { "the CPU stores beside a buffer in the same line", function()
  local p = page()
  local h = map(p, 8, FROM)
  store(p + 8, 1)
  dev:dma_write(h, ("n"):rep(8))
  store(p + 8, 2)
  unmap(h, 8, FROM)
  load(p)
end, named = shared_line, hidden = true }

driver { "a misaligned receive buffer, its first line shared", function()
  local a = buffer(256)
  local h = map(a + 4, 100, FROM)
  store(a, 8, 4)
  dev:dma_write(h, ("n"):rep(100))
  unmap(h, 100, FROM)
  read(a + 4, 100)
end, named = shared_line, hidden = true }

-- Without an edge to spare, the rest of a line is lost with the buffer.
driver { "the slack behind a receive buffer holds a store", function()
  local a = buffer(128)
  local h = map(a, 100, FROM)
  store(a + 104, 7)
  unmap(h, 100, FROM)
end, named = { riscv = says("cpu-data-lost", "line_shared"),
               mips = says("cpu-data-lost", "line_shared") }, hidden = true }

-- Addresses --------------------------------------------------------------------------------------

driver { "a physical address for the device", function()
  dev:dma_read(virt_to_phys(buffer(N)), N)
end, named = { noncoherent = says("device-unmapped", "physical_address"),
               coherent = says("device-unmapped", "no_mapping") } }

driver { "a CPU address for the device", function()
  dev:dma_read(buffer(N), N)
end, named = everywhere("device-unmapped", "virtual_address") }

driver { "a transfer past the end of the mapping", function()
  local h = map(buffer(N), N, FROM)
  dev:dma_write(h, ("n"):rep(N + 16))
end, named = everywhere("device-unmapped", "outside") }

driver { "a transfer after the unmap", function()
  local h = map(buffer(N), N, FROM)
  unmap(h, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
end, named = everywhere("device-unmapped", "mapping_over") }

driver { "a transfer after dma_free_coherent", function()
  local c, h, size = coherent()
  dma_free_coherent(dev, size, c, h)
  dev:dma_write(h, ("n"):rep(N))
end, named = everywhere("device-unmapped", "mapping_over") }

driver { "vmalloc memory mapped, dma_mapping_error not asked", function()
  local h = dma_map_single(dev, vmalloc(N), N, TO)
  dev:dma_read(h, N)
end, named = everywhere("device-unmapped", "mapping_failed") }

-- Coherent memory --------------------------------------------------------------------------------

driver { "a store to coherent memory through the linear map", function()
  local _, h = coherent()
  store(parts.cached_alias(h), 5)
  dev:dma_read(h, 8)
end, named = noncoherent("device-read-stale", "coherent_alias"), hidden = true }

driver { "a load of coherent memory through the linear map", function()
  local _, h = coherent()
  local alias = parts.cached_alias(h)
  load(alias)
  dev:dma_write(h, ("n"):rep(8))
  load(alias)
end, named = noncoherent("stale-read", "coherent_alias"), hidden = true }

-- Broken in Linux, harmless here: stores leave the store buffer in the order they came, the
-- doorbell last, so the device finds the newest bytes and nothing is there to be named.
driver { "coherent memory, the doorbell rung with writel_relaxed and no barrier", function()
  local c, h = coherent()
  for i = 1, 4 do parts.send_number(parts.relaxed, c, h, i) end
end, named = {} }

-- Memory that comes and goes ---------------------------------------------------------------------

driver { "krealloc of a mapped buffer", function()
  local a = buffer(N)
  map(a, N, FROM)
  krealloc(a, 512)
end, named = noncoherent("cpu-read-device-owned", "device_owns") }

driver { "kfree of a mapped buffer, somebody else gets it and writes", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  kfree(a)
  parts.equal(buffer(N, "o"), a, "kmalloc returns")
  dev:dma_write(h, ("n"):rep(N))
end, named = noncoherent("cpu-write-device-owned", "store_too_late") }

driver { "a load after kfree", function()
  local a = buffer(N)
  kfree(a)
  load(a)
end, named = everywhere("use-after-free") }

driver { "a load of coherent memory that was freed, through the linear map", function()
  local c, h, size = coherent()
  dma_free_coherent(dev, size, c, h)
  load(parts.cached_alias(h))
end, named = everywhere("use-after-free") }

driver { "a store after free_pages", function()
  local p = page()
  free_pages(p, 0)
  store(p, 1)
end, named = everywhere("use-after-free") }

driver { "kfree twice", function()
  local a = buffer(N)
  kfree(a)
  kfree(a)
end, named = everywhere("double-free") }

driver { "kfree of pages", function()
  kfree(page())
end, named = everywhere("bad-free") }

-- What an IOMMU stops ----------------------------------------------------------------------------

local IOMMU = { "x86-iommu", "arm64-smmu" }

driver { "behind an IOMMU, the device writes what was mapped for it to read", function()
  local h = map(buffer(N), N, TO)
  dev:dma_write(h, ("n"):rep(N))
  unmap(h, N, TO)
end, named = everywhere("iommu-fault", "not_writable"), boards = IOMMU }

driver { "behind an IOMMU, the device reads what was mapped for it to write", function()
  local h = map(buffer(N), N, FROM)
  dev:dma_read(h, N)
  unmap(h, N, FROM)
end, named = everywhere("iommu-fault", "not_readable"), boards = IOMMU }

driver { "behind an IOMMU, an unmap so large that it takes the neighbour along", function()
  local a = map(page(), parts.PAGE, BOTH)
  local b = map(page(), parts.PAGE, BOTH)
  unmap(math.min(a, b), 2 * parts.PAGE, BOTH)
  dev:dma_read(math.max(a, b), N)
end, named = everywhere("iommu-fault", "unmapped_with"), boards = IOMMU, debug = "unmap-size" }

driver { "behind an IOMMU, a physical address for the device", function()
  dev:dma_read(virt_to_phys(buffer(N)), N)
end, named = everywhere("iommu-fault", "physical_address"), boards = IOMMU }

driver { "behind an IOMMU, a transfer after the unmap, before anything is remembered", function()
  local h = map(buffer(N), N, FROM)
  unmap(h, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
end, named = everywhere("iommu-fault", "mapping_over"), boards = IOMMU }

driver { "a translation the IOTLB still remembers lets the device through", function()
  local h = map(buffer(N), N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  unmap(h, N, FROM)
  dev:dma_write(h, ("o"):rep(N))
end, named = everywhere("device-unmapped", "mapping_over"), boards = { "arm64-smmu" } }

-- Two pages that do not follow each other in RAM, one segment for the device.
local function merged()
  local p, between, q = page(), page(), page()
  free_pages(between, 0)
  local list = scatterlist(2)
  sg_init_table(list, 2)
  sg_set_buf(list[0], p, parts.PAGE)
  sg_set_buf(list[1], q, parts.PAGE)
  parts.equal(dma_map_sg(dev, list, 2, FROM), 1, "segments")
  return list, q
end

driver { "the CPU stores to the second piece of a segment the device owns", function()
  local list, q = merged()
  store(q, 1)
  dma_unmap_sg(dev, list, 2, FROM)
end, named = noncoherent("cpu-write-device-owned", "store_too_late"), boards = IOMMU }

driver { "both pieces of a segment are the CPU's again after the unmap", function()
  local list, q = merged()
  local dma = sg_dma_address(list[0])
  dev:dma_write(dma, ("n"):rep(parts.PAGE))
  dev:dma_write(dma + parts.PAGE, ("o"):rep(parts.PAGE))
  dma_unmap_sg(dev, list, 2, FROM)
  parts.cpu_sees(q, ("o"):rep(parts.PAGE))
  store(q, 1)
end, named = {}, boards = IOMMU }

driver { "a transfer past the page a mapping ends in", function()
  local h = map(page(), parts.PAGE, FROM)
  dev:dma_write(h + parts.PAGE - 8, ("n"):rep(16))
end, named = everywhere("device-unmapped", "outside"), boards = { "x86-iommu" } }

-- What only strict boards mind -------------------------------------------------------------------

driver { "a store after the map, on a coherent board that is strict", function()
  local a = buffer(N)
  map(a, N, TO)
  store(a, 1)
end, named = { coherent = says("cpu-write-device-owned", "store_too_late") },
  boards = { "x86" }, settings = { strict = true } }

return drivers
