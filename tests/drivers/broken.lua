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
  pool_twice = "had been given back already",
  pool_other = "came from another pool",
  pool_inside = "no block begins at this address",
  pool_foreign = "this is no block of a DMA pool",
  pool_handle = "not of one block",
  pool_gone = "the pool had been destroyed",
  pool_overrun = "runs past the end of the block before it",
  barrier = "between this store and the doorbell",
  fields_unordered = "missing: dma_wmb() between this field",
  field_too_late = "the field was stored after the word",
  read_unordered = "missing: dma_rmb() between reading the word",
  fetch_once = "read it once into a variable",
  sleeps_in_handler = "this is an interrupt handler; allocate before request_irq",
  sleeps_under_lock = "a spinlock is held, or preemption is off",
  sleeps_irqs_off = "before local_irq_save or spin_lock_irqsave",
  free_in_handler = "this is an interrupt handler; note what has to go",
  free_irqs_off = "free it after local_irq_restore",
  other_device = "mapped for another device",
  still_on = "switch it off, read that back",
  still_running = "was still under way",
  truncated = "the kernel believed it can say this address",
  device_writes = "the device writes into a buffer mapped DMA_TO_DEVICE",
  device_reads = "the device reads a buffer mapped DMA_FROM_DEVICE",
  unmap_first = "dma_unmap_single before the memory is freed",
  two_mappings = "this mapping and one that is live",
  mapped_again = "has a DMA address already",
  for_cpu_wanted = "the sync after the transfer was dma_sync_single_for_device",
  sync_skipped = "before an unmap with DMA_ATTR_SKIP_CPU_SYNC",
  sync_too_much = "covers bytes the CPU had not taken back",
  stored_before_copy = "copies the bounce buffer over it",
  bounce_direction = "the buffer and its bounce buffer",
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
               ["arm64-pre-5.19"] = tells_the_direction,
               noncoherent = says("device-direction", "device_reads"),
               coherent = says("device-direction", "device_reads") }, hidden = true }

driver { "transmit with a mapping FROM_DEVICE that was never stored to", function()
  dev:dma_read(map(buffer(N), N, FROM), N)
end, named = everywhere("device-direction", "device_reads") }

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
end, named = { noncoherent = says("stale-read", "wrong_direction_in"),
               coherent = says("device-direction", "device_writes") }, hidden = true }

driver { "receive with a mapping TO_DEVICE, looked at by nobody", function()
  local a = buffer(N)
  local h = map(a, N, TO)
  dev:dma_write(h, ("n"):rep(N))
  unmap(h, N, TO)
end, named = everywhere("device-direction", "device_writes") }

driver { "sync for the device where the CPU's turn was meant", function()
  local a = cached_buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  for_device(h, N, FROM)
  load(a)
end, named = noncoherent("wrong-sync", "for_cpu_wanted") }

driver { "sync for the device after every transfer, a bidirectional mapping", function()
  local a = buffer(N)
  local h = map(a, N, BOTH)
  for _ = 1, 2 do
    dev:dma_write(h, ("n"):rep(N))
    for_device(h, N, BOTH)
  end
  read(a, N)
  unmap(h, N, BOTH)
end, named = noncoherent("wrong-sync", "for_cpu_wanted") }

driver { "sync for the device where the CPU's turn was meant, bounced", function()
  local a = buffer(N, "o")
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  for_device(h, N, FROM)
  read(a, N)
end, named = everywhere("wrong-sync", "for_cpu_wanted"),
  settings = { swiotlb = "256K", swiotlb_force = true }, boards = { "x86", "arm64", "riscv" } }

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
end, named = everywhere("unmap-active", "still_running") }

driver { "unmap while the device reads", function()
  local a = buffer(1024, "a")
  local h = map(a, 1024, TO)
  dev:start_read(h, 1024)
  run(300)
  unmap(h, 1024, TO)
  dev:wait()
end, named = everywhere("unmap-active", "still_running") }

driver { "kfree of a mapped buffer the device is about to write", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  dev:start_write(h, ("n"):rep(N))
  run(1000)
  kfree(a)
  dev:wait()
end, named = everywhere("unmap-active", "still_running"), settings = { cycles_device = 9000 } }

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
end, named = everywhere("unmap-active", "still_running") }

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

driver { "the CPU stores behind a receive buffer, in its last line", function()
  local a = buffer(256)
  local h = map(a, 100, FROM)
  store(a + 100, 1, 4)
  dev:dma_write(h, ("n"):rep(100))
  unmap(h, 100, FROM)
end, named = noncoherent("line-shared", "line_shared") }

driver { "two receive buffers meet in a line, the second begins where the first ends", function()
  local p = page()
  local first, second = map(p, 100, FROM), map(p + 100, 100, FROM)
  unmap(first, 100, FROM)
  unmap(second, 100, FROM)
end, named = { noncoherent = says("line-shared", "two_mappings"), tiny = says("line-shared") } }

driver { "a transmit buffer begins in the last line of a receive buffer", function()
  local p = page()
  local into, from = map(p, 100, FROM), map(p + 104, 100, TO)
  unmap(from, 100, TO)
  unmap(into, 100, FROM)
end, named = noncoherent("line-shared", "two_mappings") }

driver { "two receive buffers overlap, with other first lines", function()
  local p = page()
  local first, second = map(p, 1024, FROM), map(p + 512, 1024, BOTH)
  unmap(first, 1024, FROM)
  unmap(second, 1024, BOTH)
end, named = noncoherent("line-shared", "two_mappings") }

-- Without an edge to spare, the rest of a line is lost with the buffer.
driver { "the slack behind a receive buffer holds a store", function()
  local a = buffer(128)
  local h = map(a, 100, FROM)
  store(a + 104, 7)
  unmap(h, 100, FROM)
end, named = { riscv = says("cpu-data-lost", "line_shared"),
               mips = says("cpu-data-lost", "line_shared"),
               noncoherent = says("line-shared", "line_shared") }, hidden = true }

-- Addresses --------------------------------------------------------------------------------------

driver { "a physical address for the device", function()
  dev:dma_read(virt_to_phys(buffer(N)), N)
end, named = { noncoherent = says("address-not-dma", "physical_address"),
               coherent = says("device-unmapped", "no_mapping") } }

driver { "a CPU address for the device", function()
  dev:dma_read(buffer(N), N)
end, named = everywhere("address-not-dma", "virtual_address") }

driver { "the CPU address of a mapped buffer for the device", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(a, ("n"):rep(N))
  unmap(h, N, FROM)
end, named = everywhere("address-not-dma", "virtual_address") }

driver { "the physical address of a bounced buffer for the device", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  dev:dma_read(virt_to_phys(a), N)
  unmap(h, N, TO)
end, named = everywhere("address-not-dma", "physical_address"),
  settings = { swiotlb = "256K", swiotlb_force = true }, boards = { "x86", "arm64" } }

-- The kernel thinks the device has 32 bits; it has fewer, and nobody said so.
driver { "an address wider than the device", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  dev:dma_read(h, N)
  unmap(h, N, TO)
end, named = everywhere("address-truncated", "truncated"),
  settings = { dma_mask_bits = 20 }, boards = { "arm64", "riscv", "mips", "x86" } }

driver { "coherent memory beyond the device's reach", function()
  local c, h, size = coherent()
  dev:dma_write(h, ("n"):rep(8))
  dma_free_coherent(dev, size, c, h)
end, named = everywhere("address-truncated", "truncated"),
  settings = { dma_mask_bits = 20 }, boards = { "arm64", "riscv", "mips", "x86" } }

driver { "a transfer past the end of the mapping", function()
  local h = map(buffer(N), N, FROM)
  dev:dma_write(h, ("n"):rep(N + 16))
end, named = everywhere("device-outside", "outside") }

driver { "a transfer past a mapping that ends within a word", function()
  local h = map(buffer(N), N - 3, TO)
  dev:dma_read(h, N)
end, named = everywhere("device-outside", "outside") }

driver { "a transfer past the end of coherent memory, into other memory", function()
  local _, h, size = coherent()
  dev:dma_read(h + size - 8, 16)
end, named = everywhere("device-outside", "outside") }

driver { "a transfer after the unmap", function()
  local h = map(buffer(N), N, FROM)
  unmap(h, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
end, named = everywhere("device-after-unmap", "mapping_over") }

driver { "a transfer after dma_free_coherent", function()
  local c, h, size = coherent()
  dma_free_coherent(dev, size, c, h)
  dev:dma_write(h, ("n"):rep(N))
end, named = everywhere("device-after-unmap", "mapping_over") }

driver { "vmalloc memory mapped, dma_mapping_error not asked", function()
  local h = dma_map_single(dev, vmalloc(N), N, TO)
  dev:dma_read(h, N)
end, named = everywhere("use-before-check", "mapping_failed") }

driver { "more mapped than a bounce buffer holds, the failure given to the device", function()
  local p = __get_free_pages(GFP_KERNEL, 7)
  local h = dma_map_single(dev, p, 300 * 1024, FROM)
  dev:dma_write(h, ("n"):rep(N))
end, named = everywhere("use-before-check", "mapping_failed"),
  settings = { swiotlb = "1M", swiotlb_force = true }, boards = { "arm64", "riscv", "x86" } }

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

local looks_behind = noncoherent("coherent-alias", "coherent_alias")
driver { "coherent memory read through the linear map, while no device is at work", function()
  local _, h = coherent()
  load(parts.cached_alias(h))
end, named = { noncoherent = looks_behind.noncoherent } }

driver { "coherent memory written through the linear map", function()
  local _, h = coherent()
  write(parts.cached_alias(h) + 64, "x")
end, named = { noncoherent = looks_behind.noncoherent } }

driver { "coherent memory mapped by its page", function()
  local _, h = coherent()
  local pa = h - core.board().bus_offset
  local again = dma_map_page(dev, virt_to_page(phys_to_virt(pa)), 0, N, TO)
  dma_mapping_error(dev, again)
  dma_unmap_page(dev, again, N, TO)
end, named = everywhere("coherent-alias", "mapped_again") }

driver { "the pointer of coherent memory given to dma_map_single", function()
  local c = coherent()
  local again = dma_map_single(dev, c, N, TO)
  if dma_mapping_error(dev, again) == 0 then unmap(again, N, TO) end
end, named = everywhere("coherent-alias", "mapped_again") }

-- Whether the device gets the old number or the new one is chance; the missing barrier is not. A
-- PC's stores stay in order, so there a strict board alone minds.
local function doorbell_without_barrier()
  local c, h = coherent()
  for i = 1, 4 do
    store(c, i)
    parts.ring(parts.relaxed, h, 8)
    dev:wait()
  end
end

driver { "coherent memory, the doorbell rung with writel_relaxed and no barrier",
  doorbell_without_barrier, named = noncoherent("order-device-early", "barrier") }

driver { "the same on a PC with strict", doorbell_without_barrier, boards = { "x86" },
  settings = { strict = true }, named = everywhere("order-device-early", "barrier") }

driver { "coherent memory, the barrier behind the doorbell instead of before it", function()
  local c, h = coherent()
  store(c, 1)
  parts.ring(parts.relaxed, h, 8)
  wmb()
  dev:wait()
end, named = noncoherent("order-device-early", "barrier") }

driver { "coherent memory, a read barrier where a write barrier is needed", function()
  local c, h = coherent()
  store(c, 1)
  rmb()
  parts.ring(parts.relaxed, h, 8)
  dev:wait()
end, named = noncoherent("order-device-early", "barrier") }

-- DMA pools --------------------------------------------------------------------------------------

driver { "a store into a block of a pool that was given back", function()
  local pool = parts.pool(N)
  local va, h = parts.block(pool)
  dma_pool_free(pool, va, h)
  store(va + 32, 1)
end, named = everywhere("pool-use-after-free") }

driver { "the device still writes a block that was given back", function()
  local pool = parts.pool(N)
  local va, h = parts.block(pool)
  dev:start_write(h, ("d"):rep(N))
  dma_pool_free(pool, va, h)
  dev:wait()
end, named = everywhere("pool-use-after-free") }

driver { "the device reads a descriptor that was given back", function()
  local pool = parts.pool(N)
  local va, h = parts.block(pool)
  dma_pool_free(pool, va, h)
  dev:dma_read(h, N)
end, named = everywhere("pool-use-after-free") }

driver { "a store past the end of a block", function()
  local pool = parts.pool(N)
  local va = parts.block(pool)
  memset(va, 0, N + 8)
end, named = everywhere("pool-use-after-free", "pool_overrun") }

driver { "the device is told a length that is longer than the block", function()
  local pool = parts.pool(N)
  local _, h = parts.block(pool)
  dev:dma_write(h, ("d"):rep(N + 8))
end, named = everywhere("pool-use-after-free", "pool_overrun") }

driver { "a block given back twice", function()
  local pool = parts.pool(N)
  local va, h = parts.block(pool)
  dma_pool_free(pool, va, h)
  dma_pool_free(pool, va, h)
  parts.equal(parts.block(pool), parts.block(pool), "the second block is")
end, named = everywhere("pool-double-free", "pool_twice") }

driver { "a block given back to another pool", function()
  local pool, other = parts.pool(N), parts.pool(N)
  local va, h = parts.block(pool)
  dma_pool_free(other, va, h)
end, named = everywhere("pool-double-free", "pool_other") }

driver { "a block given back with the handle of another", function()
  local pool = parts.pool(N)
  local va = parts.block(pool)
  local _, h = parts.block(pool)
  dma_pool_free(pool, va, h)
end, named = everywhere("pool-double-free", "pool_handle") }

driver { "a field of a block given back in place of the block", function()
  local pool = parts.pool(N)
  local va, h = parts.block(pool)
  dma_pool_free(pool, va + 16, h + 16)
end, named = everywhere("pool-double-free", "pool_inside") }

driver { "memory of kmalloc given back to a pool", function()
  local pool = parts.pool(N)
  dma_pool_free(pool, buffer(N), 0)
end, named = everywhere("pool-double-free", "pool_foreign") }

driver { "a pool destroyed while a block is out", function()
  local pool = parts.pool(N)
  parts.block(pool)
  dma_pool_destroy(pool)
end, named = everywhere("pool-busy") }

driver { "a block given back after its pool was destroyed", function()
  local pool = parts.pool(N)
  local va, h = parts.block(pool)
  dma_pool_destroy(pool)
  dma_pool_free(pool, va, h)
end, named = everywhere("pool-double-free", "pool_gone") }

driver { "a block taken from a pool that was destroyed", function()
  local pool = parts.pool(N)
  dma_pool_destroy(pool)
  parts.equal(dma_pool_alloc(pool), nil, "a pool that is gone gives")
end, named = everywhere("use-after-free", "pool_gone") }

driver { "a load of a pool's memory after the pool was destroyed, through the linear map", function()
  local pool = parts.pool(N)
  local va, h = parts.block(pool)
  dma_pool_free(pool, va, h)
  dma_pool_destroy(pool)
  load(parts.cached_alias(h))
end, named = everywhere("use-after-free") }

driver { "the device still writes memory of a pool that was destroyed", function()
  local pool = parts.pool(N)
  local va, h = parts.block(pool)
  dma_pool_free(pool, va, h)
  dma_pool_destroy(pool)
  dev:dma_write(h, ("d"):rep(N))
end, named = everywhere("device-after-unmap", "mapping_over") }

-- Memory that comes and goes ---------------------------------------------------------------------

driver { "krealloc of a mapped buffer", function()
  local a = buffer(N)
  map(a, N, FROM)
  krealloc(a, 512)
end, named = everywhere("free-mapped", "unmap_first") }

driver { "free_pages of a mapped page, then the unmap", function()
  local p = page()
  local h = map(p, N, TO)
  free_pages(p, 0)
  unmap(h, N, TO)
end, named = everywhere("free-mapped", "unmap_first") }

driver { "vfree of a page of vmalloc memory that is mapped", function()
  local v = vmalloc(parts.PAGE)
  map(page_address(vmalloc_to_page(v)), N, TO)
  vfree(v)
end, named = everywhere("free-mapped", "unmap_first") }

driver { "a receive buffer mapped again at every open, unmapped once", function()
  local a = buffer(N, "a")
  map(a, N, TO)
  local h = map(a, N, TO)
  unmap(h, N, TO)
  dev:unbind()
end, named = everywhere("mapping-leak-overwritten") }

driver { "a buffer mapped twice, unmapped once and freed", function()
  local a = buffer(N, "a")
  map(a, N, TO)
  unmap(map(a, N, TO), N, TO)
  kfree(a)
end, named = everywhere("mapping-leak-overwritten") }

driver { "kfree of a mapped buffer, somebody else gets it and writes", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  kfree(a)
  parts.equal(buffer(N, "o"), a, "kmalloc returns")
  dev:dma_write(h, ("n"):rep(N))
end, named = everywhere("free-mapped", "unmap_first") }

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

-- Subsystems -------------------------------------------------------------------------------------

driver { "the buffer of an urb read before its complete", function()
  local a = cached_buffer(N)
  local urb = usb_alloc_urb()
  usb_fill_bulk_urb(urb, dev, usb_rcvbulkpipe(dev, 1), a, N)
  usb_submit_urb(urb)
  load(a)
  usb_hcd_irq(dev)
end, named = noncoherent("cpu-read-device-owned", "device_owns") }

driver { "a buffer mapped by the driver and by usbcore too", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  usb_bulk_msg(dev, usb_rcvbulkpipe(dev, 1), a, N)
  unmap(h, N, FROM)
end, named = {}, debug = "overlap", boards = { "tiny", "arm64", "arm", "riscv", "mips" } }

driver { "an urb's buffer unmapped by the driver before the urb is done", function()
  local urb = usb_alloc_urb()
  usb_fill_bulk_urb(urb, dev, usb_rcvbulkpipe(dev, 1), buffer(1024), 1024)
  usb_answer(dev, ("u"):rep(1024))
  usb_submit_urb(urb)
  unmap(urb.transfer_dma, 1024, FROM)
  usb_hcd_irq(dev)
end, debug = "unmap-unknown", named = everywhere("unmap-active", "still_running") }

driver { "usb_free_coherent while an urb uses the buffer", function()
  local va, dma = usb_alloc_coherent(dev, 1024)
  local urb = usb_alloc_urb()
  usb_fill_bulk_urb(urb, dev, usb_rcvbulkpipe(dev, 1), va, 1024)
  urb.transfer_dma, urb.transfer_flags = dma, URB_NO_TRANSFER_DMA_MAP
  usb_answer(dev, ("u"):rep(1024))
  usb_submit_urb(urb)
  usb_free_coherent(dev, 1024, va, dma)
  usb_hcd_irq(dev)
end, named = everywhere("unmap-active", "still_running") }

-- Usbcore refuses it before anything is mapped, and dmesg says so; nothing is left to accuse.
driver { "an urb with a buffer on the stack", function()
  local urb = usb_alloc_urb()
  usb_fill_bulk_urb(urb, dev, usb_sndbulkpipe(dev, 1), stack_array(8), 8)
  parts.equal(usb_submit_urb(urb), -11)
end, named = everywhere("map-stack") }

driver { "a packet freed while it is mapped", function()
  local skb = netdev_alloc_skb(dev, N)
  write(skb_put(skb, N), ("d"):rep(N))
  map(skb.data, N, TO)
  dev_kfree_skb(skb)
end, named = everywhere("free-mapped", "unmap_first") }

driver { "a packet unmapped with skb.len where it has a fragment", function()
  local skb = netdev_alloc_skb(dev, N)
  write(skb_put(skb, N), ("d"):rep(N))
  local h = map(skb.data, skb_headlen(skb), TO)
  skb_add_rx_frag(skb, 0, virt_to_page(page()), 0, N, parts.PAGE)
  unmap(h, skb.len, TO)
end, named = {}, debug = "unmap-size" }

driver { "a packet freed twice", function()
  local skb = netdev_alloc_skb(dev, N)
  kfree_skb(skb)
  kfree_skb(skb)
end, named = everywhere("double-free") }

driver { "PCI's unmap with the other direction", function()
  local a = buffer(N, "a")
  local h = pci_map_single(dev, a, N, PCI_DMA_TODEVICE)
  pci_dma_mapping_error(dev, h)
  pci_unmap_single(dev, h, N, PCI_DMA_BIDIRECTIONAL)
end, named = {}, debug = "unmap-direction" }

driver { "a driver unbound without its unmap", function()
  bind { name = "leaky", probe = function() map(buffer(N), N, FROM) end }
  parts.equal(#unbind(), 2)
end, named = everywhere("leak") }

driver { "a probe that fails and cleans nothing up", function()
  local code, left = bind { name = "half", probe = function()
    dma_alloc_coherent(dev, N)
    return -12
  end }
  parts.equal(code, -12)
  parts.equal(#left, 1)
end, named = everywhere("leak") }
-- Where nobody may sleep -------------------------------------------------------------------------

-- The device interrupts, and the handler does this.
local function in_handler(work)
  local done = init_completion()
  request_irq(dev, parts.handler(done, work))
  writel(1, dev.bar + 0x60)
  wait_for_completion_timeout(done, 100000)
  free_irq(dev)
end

driver { "kmalloc with GFP_KERNEL in a handler", function()
  in_handler(function() kmalloc(N) end)
end, named = everywhere("sleep-in-atomic", "sleeps_in_handler") }

driver { "msleep in a handler", function()
  in_handler(function() msleep(1) end)
end, named = everywhere("sleep-in-atomic", "sleeps_in_handler") }

driver { "coherent memory freed in a handler", function()
  local c, h, size = coherent()
  in_handler(function() dma_free_coherent(dev, size, c, h) end)
end, named = everywhere("coherent-free-atomic", "free_in_handler") }

driver { "coherent memory allocated with GFP_KERNEL under a spinlock", function()
  spin_lock()
  coherent()
  spin_unlock()
end, named = everywhere("sleep-in-atomic", "sleeps_under_lock") }

driver { "coherent memory freed under a spinlock", function()
  local c, h, size = coherent()
  spin_lock()
  dma_free_coherent(dev, size, c, h)
  spin_unlock()
end, named = { noncoherent = says("sleep-in-atomic", "sleeps_under_lock") },
  boards = { "tiny", "arm64", "arm", "riscv", "x86" } }

driver { "coherent memory freed with interrupts off", function()
  local c, h, size = coherent()
  local flags = local_irq_save()
  dma_free_coherent(dev, size, c, h)
  local_irq_restore(flags)
end, named = everywhere("coherent-free-atomic", "free_irqs_off") }

driver { "waiting for a completion under spin_lock_irqsave", function()
  local flags = spin_lock_irqsave()
  wait_for_completion_timeout(init_completion(), 100)
  spin_unlock_irqrestore(flags)
end, named = everywhere("sleep-in-atomic", "sleeps_irqs_off") }

-- Bounce buffers: two copies on every board ------------------------------------------------------

local bounces = { swiotlb = "256K", swiotlb_force = true }
local bounce_boards = { "x86", "arm64", "riscv", "mips" }

driver { "unmap with DMA_ATTR_SKIP_CPU_SYNC, nothing was synced before", function()
  local a = buffer(N, "o")
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  dma_unmap_single_attrs(dev, h, N, FROM, DMA_ATTR_SKIP_CPU_SYNC)
  read(a, N)
end, named = everywhere("stale-read", "sync_skipped"), settings = bounces, boards = bounce_boards }

driver { "the header synced, the rest skipped, and read", function()
  local a = buffer(1024, "o")
  local h = map(a, 1024, FROM)
  dev:dma_write(h, ("n"):rep(1024))
  for_cpu(h, N, FROM)
  dma_unmap_single_attrs(dev, h, 1024, FROM, DMA_ATTR_SKIP_CPU_SYNC)
  read(a, N)
  read(a + 512, N)
end, named = everywhere("stale-read", "sync_skipped"), settings = bounces, boards = bounce_boards }

driver { "a bounced buffer synced for the CPU in the wrong direction", function()
  local a = buffer(N, "o")
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  for_cpu(h, N, TO)
  read(a, N)
end, debug = "sync-direction", named = everywhere("stale-read", "bounce_direction"),
  settings = bounces, boards = bounce_boards }

driver { "a bounced buffer unmapped in the wrong direction", function()
  local a = buffer(N, "o")
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  unmap(h, N, TO)
  read(a, N)
end, debug = "unmap-direction", named = everywhere("stale-read", "bounce_direction"),
  settings = bounces, boards = bounce_boards }

driver { "a bounced buffer synced for the device in the wrong direction", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  for_cpu(h, N, TO)
  write(a, ("b"):rep(N))
  for_device(h, N, FROM)
  dev:dma_read(h, N)
end, debug = "sync-direction", named = everywhere("device-read-stale", "bounce_direction"),
  settings = bounces, boards = bounce_boards }

driver { "a bounced buffer stored to after the sync for the CPU, then unmapped", function()
  local a = buffer(N, "a")
  local h = map(a, N, BOTH)
  for_cpu(h, N, BOTH)
  write(a, ("b"):rep(N))
  unmap(h, N, BOTH)
end, named = everywhere("cpu-data-lost", "stored_before_copy"),
  settings = bounces, boards = bounce_boards }

driver { "a bounced buffer stored to, and synced for the device in another direction", function()
  local a = buffer(N, "a")
  local h = map(a, N, BOTH)
  for_cpu(h, N, BOTH)
  write(a, ("b"):rep(N))
  for_device(h, N, FROM)
  unmap(h, N, BOTH)
end, named = everywhere("cpu-data-lost", "bounce_direction"),
  settings = bounces, boards = bounce_boards }

driver { "a bounced buffer of which more is synced for the device than was for the CPU", function()
  local a = buffer(2 * N, "a")
  local h = map(a, 2 * N, BOTH)
  dev:dma_write(h, ("d"):rep(2 * N))
  for_cpu(h, N, BOTH)
  for_device(h, 2 * N, BOTH)
  unmap(h, 2 * N, BOTH)
end, named = everywhere("device-data-lost", "sync_too_much"),
  settings = bounces, boards = bounce_boards }

driver { "a bounced buffer not synced for the device", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  for_cpu(h, N, TO)
  write(a, ("b"):rep(N))
  dev:dma_read(h, N)
end, named = everywhere("device-read-stale", "sync_for_device"),
  settings = bounces, boards = bounce_boards }

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
end, named = everywhere("device-after-unmap", "mapping_over"), boards = { "arm64-smmu" } }

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
end, named = everywhere("device-outside", "outside"), boards = { "x86-iommu" } }

-- What only strict boards mind -------------------------------------------------------------------

driver { "a store after the map, on a coherent board that is strict", function()
  local a = buffer(N)
  map(a, N, TO)
  store(a, 1)
end, named = { coherent = says("cpu-write-device-owned", "store_too_late") },
  boards = { "x86" }, settings = { strict = true } }

-- A network card and a sound card ----------------------------------------------------------------

local nic, audio = devices.nic, devices.audio

-- A ring whose buffers were read before, so that the caches hold lines of them.
local function listening(n, bytes)
  local ring = parts.ring_of_nic("receive", n)
  for i = 0, n - 1 do
    local va = cached_buffer(bytes)
    ring.slots[i] = { va = va, h = parts.map_for_nic(va, bytes, FROM) }
    ring:give(ring.slots[i].h, bytes)
  end
  parts.nic_control(1)
  return ring
end

driver { "nic: a packet is read while its buffer is still mapped", function()
  local ring = parts.receive_ring(2, N)
  parts.arrives(("n"):rep(N))
  ring:take()
  read(ring.slots[0].va, N)
end, named = noncoherent("cpu-read-device-owned", "device_owns"), hidden = true }

-- Where the sync for the device drops the lines, the read gets the right bytes, but too early.
local reads_too_early = says("cpu-read-device-owned", "device_owns")
driver { "nic: a recycled buffer is read without a sync for the CPU", function()
  local ring = listening(1, N)
  for i = 1, 2 do
    parts.arrives(("n"):rep(N))
    ring:take()
    if i == 1 then
      dma_sync_single_for_cpu(nic, ring.slots[0].h, N, FROM)
      read(ring.slots[0].va, N)
      dma_sync_single_for_device(nic, ring.slots[0].h, N, FROM)
      ring:give(ring.slots[0].h, N)
    end
  end
  read(ring.slots[0].va, N)
end, named = { noncoherent = says("stale-read", "sync_for_cpu"), arm = reads_too_early,
               ["arm64-pre-5.19"] = reads_too_early, mips = reads_too_early }, hidden = true }

driver { "nic: transmit before the last store, without a sync", function()
  local ring = parts.ring_of_nic("transmit", 2)
  local a = buffer(N, "a")
  local h = parts.map_for_nic(a, N, TO)
  write(a, ("b"):rep(N))
  parts.nic_control(2)
  ring:give(h, N, parts.LAST)
  parts.nic_doorbell()
  nic:wait()
end, named = noncoherent("device-read-stale", "store_too_late"), hidden = true }

driver { "nic: the buffer is unmapped while the card has its descriptor", function()
  local ring = parts.receive_ring(1, N)
  dma_unmap_single(nic, ring.slots[0].h, N, FROM)
  parts.arrives(("n"):rep(N))
end, named = everywhere("unmap-active") }

driver { "nic: the descriptor holds the buffer's physical address", function()
  local ring = parts.ring_of_nic("receive", 2)
  ring:give(virt_to_phys(buffer(N)), N)
  parts.nic_control(1)
  parts.arrives(("n"):rep(N))
end, boards = { "tiny", "arm64", "arm", "riscv", "mips" },
named = noncoherent("address-not-dma", "physical_address") }

driver { "nic: the descriptor says more bytes than were mapped", function()
  local ring = parts.ring_of_nic("receive", 2)
  ring:give(parts.map_for_nic(buffer(N), N, FROM), 2 * N)
  parts.nic_control(1)
  parts.arrives(("n"):rep(2 * N))
end, named = everywhere("device-outside", "outside") }

-- A packet to send, with this between its fields and the word that hands it over.
local function send_with(barrier)
  local ring = parts.ring_of_nic("transmit", 2)
  local h = parts.map_for_nic(buffer(N, "a"), N, TO)
  parts.nic_control(2)
  ring:give(h, N, parts.LAST, barrier)
  parts.nic_doorbell()
  nic:wait()
end

local function nothing() end

driver { "nic: no dma_wmb before OWN", function() send_with(nothing) end,
  named = noncoherent("order-device-early", "fields_unordered") }

driver { "nic: the same on a PC with strict", function() send_with(nothing) end,
  boards = { "x86" }, settings = { strict = true },
  named = everywhere("order-device-early", "fields_unordered") }

driver { "nic: a dma_rmb where dma_wmb is needed", function() send_with(dma_rmb) end,
  named = noncoherent("order-device-early", "fields_unordered") }

driver { "nic: OWN is stored before the fields", function()
  local ring = parts.ring_of_nic("transmit", 2)
  local h = parts.map_for_nic(buffer(N, "a"), N, TO)
  parts.nic_control(2)
  store(ring:at(0) + 12, parts.OWN | parts.LAST, 4)
  dma_wmb()
  store(ring:at(0), h)
  store(ring:at(0) + 8, N, 4)
  parts.nic_doorbell()
  nic:wait()
end, named = noncoherent("order-device-early", "field_too_late") }

-- The length of the packet that came, once the descriptor is the driver's.
local function length_after(ring, barrier)
  while load(ring:at(0) + 12, 4) & parts.OWN ~= 0 do run(50) end
  barrier()
  return load(ring:at(0) + 8, 4)
end

driver { "nic: no dma_rmb behind OWN", function()
  local ring = parts.receive_ring(1, N)
  parts.arrives(("n"):rep(N))
  length_after(ring, nothing)
end, named = noncoherent("order-cpu-early", "read_unordered") }

driver { "nic: the length is checked, then fetched again", function()
  local ring = parts.receive_ring(1, N)
  parts.arrives(("n"):rep(N // 2))
  if length_after(ring, dma_rmb) > N then return end
  run(2000)
  load(ring:at(0) + 8, 4)
end, named = everywhere("double-fetch", "fetch_once"), settings = { device_fault = "change" } }

driver { "nic: a buffer unmapped when the card says it is sent, but it is late", function()
  local ring = parts.ring_of_nic("transmit", 2)
  local h = parts.map_for_nic(buffer(1024, "a"), 1024, TO)
  parts.nic_control(2)
  ring:give(h, 1024, parts.LAST)
  parts.nic_doorbell()
  nic:wait()
  dma_unmap_single(nic, h, 1024, TO)
  run(20000)
end, named = everywhere("unmap-active", "still_running"), settings = { device_fault = "late" } }

driver { "audio: unmapped between two periods, and stopped after that", function()
  local a = buffer(4 * N, "a")
  local h = parts.map_for_audio(a, 4 * N, TO)
  parts.audio_start(h, 4 * N, N, 1)
  parts.audio_period()
  dma_unmap_single(audio, h, 4 * N, TO)
  parts.audio_stop()
end, named = everywhere("unmap-active", "still_on") }

driver { "nic: its ring is freed while it may look there", function()
  local va, h = dma_alloc_coherent(nic, parts.PAGE)
  writeq(h, nic.bar + 0x90)
  writel(4, nic.bar + 0x98)
  writel(1, nic.bar + 0x04)
  readl(nic.bar + 0x04)
  dma_free_coherent(nic, parts.PAGE, va, h)
end, named = everywhere("unmap-active", "still_on") }

driver { "audio: unmapped while it still plays", function()
  local a = buffer(4 * N, "s")
  local h = parts.map_for_audio(a, 4 * N, TO)
  parts.audio_start(h, 4 * N, N, 1)
  parts.audio_period()
  dma_unmap_single(audio, h, 4 * N, TO)
  run(50000)
end, named = everywhere("device-after-unmap", "mapping_over") }

driver { "audio: a period is refilled without a sync for the device", function()
  local a = buffer(2 * N, "0")
  local h = parts.map_for_audio(a, 2 * N, TO)
  parts.audio_start(h, 2 * N, N, 1)
  parts.audio_period()
  dma_sync_single_for_cpu(audio, h, N, TO)
  write(a, ("1"):rep(N))
  parts.audio_period()
  parts.audio_period()
end, named = noncoherent("device-read-stale", "sync_for_device"), hidden = true }

-- A disk and a crypto device ---------------------------------------------------------------------

local SECTOR = parts.SECTOR

driver { "a disk: its data is read before the unmap", function()
  local disk, a = parts.disk(4), buffer(SECTOR)
  cache.flush(a, SECTOR)
  local h = parts.disk_map(a, SECTOR, FROM)
  disk:submit(parts.READ, 0, 1, { { h, SECTOR } })
  disk:take()
  read(a, SECTOR)
  parts.disk_unmap(h, SECTOR, FROM)
end, named = noncoherent("cpu-read-device-owned", "device_owns"), hidden = true }

driver { "a disk: a store into the data after the doorbell", function()
  local disk, a = parts.disk(4), buffer(SECTOR, "w")
  local h = parts.disk_map(a, SECTOR, TO)
  disk:submit(parts.WRITE, 0, 1, { { h, SECTOR } })
  store(a, 0)
  disk:take()
  parts.disk_unmap(h, SECTOR, TO)
end, named = noncoherent("cpu-write-device-owned", "store_too_late") }

driver { "a disk: a scatterlist of two entries, unmapped as one of one", function()
  local disk, a, b = parts.disk(4), buffer(SECTOR), buffer(SECTOR)
  cache.flush(b, SECTOR)
  local sg, pieces = parts.disk_map_list({ { a, SECTOR }, { b, SECTOR } }, FROM)
  disk:submit(parts.READ, 0, 1, pieces)
  disk:take()
  parts.disk_unmap_list(sg, 1, FROM)
  read(b, SECTOR)
end, debug = "unmap-nents", named = noncoherent("cpu-read-device-owned", "device_owns"),
  hidden = true }

driver { "a disk: no dma_wmb before OWN", function()
  local disk, a = parts.disk(2), buffer(SECTOR, "w")
  local h = parts.disk_map(a, SECTOR, TO)
  disk:submit(parts.WRITE, 0, 1, { { h, SECTOR } }, nothing)
  disk:take()
end, named = noncoherent("order-device-early", "fields_unordered") }

-- The first completion, as soon as its phase is right.
local function first_of(disk, barrier)
  local entry = disk.results.va
  while load(entry + 12, 4) & 1 == 0 do run(20) end
  barrier()
  return load(entry + 4, 4), entry
end

local function written(disk)
  local h = parts.disk_map(buffer(SECTOR, "w"), SECTOR, TO)
  disk:submit(parts.WRITE, 0, 1, { { h, SECTOR } })
  return h
end

driver { "a disk: no dma_rmb behind the phase", function()
  local disk = parts.disk(2)
  written(disk)
  first_of(disk, nothing)
end, named = noncoherent("order-cpu-early", "read_unordered") }

driver { "a disk: the length is checked, then fetched again", function()
  local disk = parts.disk(2)
  written(disk)
  local bytes, entry = first_of(disk, dma_rmb)
  if bytes > SECTOR then return end
  run(2000)
  load(entry + 4, 4)
end, named = everywhere("double-fetch", "fetch_once"), settings = { device_fault = "change" } }

driver { "a disk: unmapped when it is late with a request", function()
  local disk = parts.disk(2)
  local h = written(disk)
  run(300)
  parts.disk_unmap(h, SECTOR, TO)
  disk:take()
end, named = everywhere("unmap-active", "still_running") }

driver { "a disk: the segment table holds a physical address", function()
  local disk = parts.disk(2)
  disk:submit(parts.READ, 0, 1, { { virt_to_phys(buffer(SECTOR)), SECTOR } })
  devices.blk:wait()
end, boards = { "tiny", "arm64", "arm", "riscv", "mips" },
named = noncoherent("address-not-dma", "physical_address") }

driver { "crypto in place with a mapping TO_DEVICE", function()
  local a = buffer(N, "p")
  local h = parts.crypto_map(a, N, TO)
  parts.encipher(h, h, N, 0x1234)
  parts.crypto_unmap(h, N, TO)
  read(a, N)
end, named = { noncoherent = says("stale-read", "wrong_direction_in"),
               coherent = says("device-direction", "device_writes") }, hidden = true }

driver { "crypto in place, new plain text without sync for the device", function()
  local a = buffer(N, "p")
  local h = parts.crypto_map(a, N, BOTH)
  parts.encipher(h, h, N, 0x1234)
  dma_sync_single_for_cpu(devices.crypto, h, N, BOTH)
  write(a, ("q"):rep(N))
  parts.encipher(h, h, N, 0x1234)
  parts.crypto_unmap(h, N, BOTH)
end, named = noncoherent("device-read-stale", "sync_for_device"), hidden = true }

return drivers
