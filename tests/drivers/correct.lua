-- Drivers that keep the rules of the DMA API. On every board, whatever nature does, the data must
-- arrive and no rule may be said to be broken.
--
-- A row: { "what the driver does", function }, and where only some machines can play it,
-- boards = { names } and settings = { of machine{} }. A row with settings, or with odd = false, is
-- not tried on the odd machines of run.lua.

local parts = require "parts"
local TO, FROM, BOTH, PAGE, HIDDEN = parts.TO, parts.FROM, parts.BOTH, parts.PAGE, parts.HIDDEN
local buffer, zeroed, page, coherent = parts.buffer, parts.zeroed, parts.page, parts.coherent
local map, unmap, for_cpu, for_device = parts.map, parts.unmap, parts.for_cpu, parts.for_device
local transmit, receive, equal = parts.transmit, parts.receive, parts.equal
local cpu_sees, device_sees, bus_address = parts.cpu_sees, parts.device_sees, parts.bus_address

local N = 256

-- A letter for round i, so that the data of an earlier round cannot pass for this one's.
local function letter(i) return string.char(("A"):byte() + i % 26) end

local function pack(...) return string.pack("<" .. ("I8"):rep(select("#", ...)), ...) end

-- The same bytes written as numbers: loads and stores take another path than read and write.
local function count_up(va, n) for at = 0, n - 8, 8 do store(va + at, at) end end

local function counted_up(n)
  local words = {}
  for at = 0, n - 8, 8 do words[#words + 1] = pack(at) end
  return table.concat(words)
end

local drivers = {}
local function driver(row) drivers[#drivers + 1] = row end

-- One transfer -----------------------------------------------------------------------------------

driver { "transmit: store, map, the device reads, unmap", function()
  local a = buffer(N, "a")
  transmit(a, N, "a")
  kfree(a)
end }

driver { "receive: map, the device writes, unmap, load", function()
  local a = buffer(N, "a")
  receive(a, N, "b")
  kfree(a)
end }

-- The zeros of kzalloc are stores too: still in the cache when the buffer is mapped.
driver { "receive into memory of kzalloc", function()
  local a = zeroed(N)
  receive(a, N, "b")
  kfree(a)
end }

driver { "receive less than was mapped, and look at the rest too", function()
  local a = zeroed(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("b"):rep(10))
  unmap(h, N, FROM)
  cpu_sees(a, ("b"):rep(10))
  load(a + 128)
  kfree(a)
end }

driver { "receive blocks of sizes around a line and a page", function()
  for _, n in ipairs { 1, 7, 8, 9, 63, 64, 65, 100, 127, 128, 129, 4095, 4096 } do
    local a = buffer(n)
    receive(a, n, "s")
    kfree(a)
  end
end }

driver { "transmit a single byte", function()
  local a = buffer(1)
  store(a, ("A"):byte(), 1)
  transmit(a, 1, "A")
  kfree(a)
end }

driver { "there and back with 16 KB", function()
  local n = 4 * PAGE
  local a = buffer(n, "a")
  local h = map(a, n, BOTH)
  device_sees(h, ("a"):rep(n))
  dev:dma_write(h, ("b"):rep(n))
  unmap(h, n, BOTH)
  cpu_sees(a, ("b"):rep(n))
  kfree(a)
end }

driver { "transmit the second page of two", function()
  local two = alloc_pages(GFP_KERNEL, 1)
  local va = page_address(two)
  write(va, ("v"):rep(2 * PAGE))
  transmit(va + PAGE, PAGE, "v")
  __free_pages(two, 1)
end }

-- vmalloc is scattered: no mapping covers two of its pages, each has its own.
driver { "transmit memory of vmalloc page by page", function()
  local v = vmalloc(2 * PAGE)
  write(v, ("v"):rep(2 * PAGE))
  for at = 0, PAGE, PAGE do transmit(page_address(vmalloc_to_page(v + at)), PAGE, "v") end
  vfree(v)
end }

driver { "transfers and syncs of no bytes", function()
  local a = buffer(64, "a")
  local h = map(a, 64, BOTH)
  dev:dma_read(h, 0)
  dev:dma_write(h, "")
  for_cpu(h, 0, BOTH)
  unmap(h, 64, BOTH)
  kfree(a)
end }

-- A mapping used again ---------------------------------------------------------------------------

driver { "receive again and again between the two syncs", function()
  local a = zeroed(N)
  local h = map(a, N, FROM)
  for i = 1, 4 do
    dev:dma_write(h, letter(i):rep(N))
    for_cpu(h, N, FROM)
    cpu_sees(a, letter(i):rep(N))
    for_device(h, N, FROM)
  end
  unmap(h, N, FROM)
  kfree(a)
end }

-- A CPU that only reads leaves nothing dirty behind: the next sync for the CPU drops the lines. Not
-- where a kernel does nothing after a transfer, as for the odd arm-v5: see broken.lua.
driver { "receive again without a sync for the device, the CPU only reads", function()
  local a = zeroed(N)
  local h = map(a, N, FROM)
  for i = 1, 4 do
    dev:dma_write(h, letter(i):rep(N))
    for_cpu(h, N, FROM)
    cpu_sees(a, letter(i):rep(N))
  end
  unmap(h, N, FROM)
  kfree(a)
end, odd = false }

driver { "transmit again and again between the two syncs", function()
  local a = buffer(N, "0")
  local h = map(a, N, TO)
  for i = 1, 4 do
    for_cpu(h, N, TO)
    write(a, letter(i):rep(N))
    for_device(h, N, TO)
    device_sees(h, letter(i):rep(N))
  end
  unmap(h, N, TO)
  kfree(a)
end }

driver { "transmit again, mapped anew each time", function()
  local a = buffer(N)
  for i = 1, 5 do
    write(a, letter(i):rep(N))
    transmit(a, N, letter(i))
  end
  kfree(a)
end }

driver { "a bidirectional mapping goes to and fro", function()
  local a = buffer(N, "c")
  local h = map(a, N, BOTH)
  for _ = 1, 4 do
    device_sees(h, ("c"):rep(N))
    dev:dma_write(h, ("d"):rep(N))
    for_cpu(h, N, BOTH)
    cpu_sees(a, ("d"):rep(N))
    write(a, ("c"):rep(N))
    for_device(h, N, BOTH)
  end
  unmap(h, N, BOTH)
  cpu_sees(a, ("c"):rep(N))
  kfree(a)
end }

driver { "the device copies one half of a bidirectional mapping to the other", function()
  local a = buffer(1024, "a")
  local h = map(a, 1024, BOTH)
  dev:dma_write(h + 512, dev:dma_read(h, 512))
  unmap(h, 1024, BOTH)
  cpu_sees(a + 512, ("a"):rep(512))
  kfree(a)
end }

driver { "sync for the CPU, then unmap as well", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  for_cpu(h, N, FROM)
  unmap(h, N, FROM)
  cpu_sees(a, ("n"):rep(N))
  write(a, ("o"):rep(N))
  cpu_sees(a, ("o"):rep(N))
  kfree(a)
end }

driver { "receive, change a word, transmit the same buffer", function()
  local a = buffer(N)
  receive(a, N, "n")
  store(a, 5)
  local h = map(a, N, TO)
  device_sees(h, pack(5) .. ("n"):rep(N - 8))
  unmap(h, N, TO)
  kfree(a)
end }

driver { "copy out of a buffer that stays mapped", function()
  local a, copy = buffer(N), buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  for_cpu(h, N, FROM)
  memcpy(copy, a, N)
  unmap(h, N, FROM)
  cpu_sees(copy, ("n"):rep(N))
  kfree(a)
  kfree(copy)
end }

driver { "four receive buffers take turns", function()
  local buffers, handles = {}, {}
  for i = 1, 4 do
    buffers[i] = buffer(512)
    handles[i] = map(buffers[i], 512, FROM)
  end
  for round = 0, 7 do
    local i = round % 4 + 1
    dev:dma_write(handles[i], letter(round):rep(512))
    for_cpu(handles[i], 512, FROM)
    cpu_sees(buffers[i], letter(round):rep(512))
    for_device(handles[i], 512, FROM)
  end
  for i = 1, 4 do
    unmap(handles[i], 512, FROM)
    kfree(buffers[i])
  end
end }

-- Parts of a mapping -----------------------------------------------------------------------------

driver { "sync the header alone, hand it back, receive the whole", function()
  local a = zeroed(1024)
  local h = map(a, 1024, FROM)
  dev:dma_write(h, ("x"):rep(1024))
  for_cpu(h, N, FROM)
  cpu_sees(a, ("x"):rep(N))
  for_device(h, N, FROM)
  dev:dma_write(h, ("y"):rep(1024))
  unmap(h, 1024, FROM)
  cpu_sees(a, ("y"):rep(1024))
  kfree(a)
end }

driver { "sync a part in the middle, both ways", function()
  local a = zeroed(1024)
  local h = map(a, 1024, BOTH)
  dev:dma_write(h + 512, ("x"):rep(N))
  for_cpu(h + 512, N, BOTH)
  cpu_sees(a + 512, ("x"):rep(N))
  write(a + 512, ("z"):rep(N))
  for_device(h + 512, N, BOTH)
  device_sees(h + 512, ("z"):rep(N))
  unmap(h, 1024, BOTH)
  kfree(a)
end }

-- Neighbours -------------------------------------------------------------------------------------

driver { "receive in one buffer what another transmitted", function()
  local a, b = buffer(N, "A"), buffer(N, "B")
  local ha, hb = map(a, N, TO), map(b, N, FROM)
  dev:dma_write(hb, dev:dma_read(ha, N))
  unmap(hb, N, FROM)
  cpu_sees(b, ("A"):rep(N))
  unmap(ha, N, TO)
  write(a, ("Q"):rep(N))
  kfree(a)
  kfree(b)
end }

driver { "the CPU writes the lines beside a buffer the device owns", function()
  local p = page()
  local a, beside = p + 1024, p + 1024 + N
  write(a, ("A"):rep(N))
  local h = map(a, N, FROM)
  dev:dma_write(h, ("1"):rep(N))
  write(beside, ("C"):rep(N))
  unmap(h, N, FROM)
  cpu_sees(a, ("1"):rep(N))
  cpu_sees(beside, ("C"):rep(N))
  free_pages(p, 0)
end }

driver { "two mappings on neighbouring lines, given back one by one", function()
  local p = page()
  local line = core.board().line
  local first, second = map(p, line, FROM), map(p + line, line, FROM)
  dev:dma_write(first, ("1"):rep(line))
  unmap(first, line, FROM)
  write(p, ("c"):rep(line))
  dev:dma_write(second, ("2"):rep(line))
  unmap(second, line, FROM)
  cpu_sees(p, ("c"):rep(line) .. ("2"):rep(line))
  free_pages(p, 0)
end }

driver { "two mappings of one buffer that both only read", function()
  local a = buffer(N, "A")
  local first, second = map(a, N, TO), map(a, N, TO)
  device_sees(first, ("A"):rep(N))
  device_sees(second, ("A"):rep(N))
  unmap(first, N, TO)
  unmap(second, N, TO)
  store(a, 1)
  kfree(a)
end }

-- kmalloc keeps its smallest blocks apart by the alignment DMA needs.
driver { "the CPU writes the neighbour of an 8 byte receive buffer", function()
  local a, neighbour = buffer(8), buffer(8)
  store(neighbour, 9)
  local h = map(a, 8, FROM)
  dev:dma_write(h, "12345678")
  store(neighbour, 7)
  unmap(h, 8, FROM)
  cpu_sees(a, "12345678")
  equal(load(neighbour), 7)
  kfree(a)
  kfree(neighbour)
end }

-- Cleaning a line twice harms nobody: only what the device writes needs lines of its own.
driver { "transmit a misaligned buffer, the CPU writes beside it", function()
  local a = buffer(N, "a")
  local h = map(a + 4, 100, TO)
  store(a + 200, 5)
  device_sees(h, ("a"):rep(100))
  store(a, 9, 4)
  unmap(h, 100, TO)
  kfree(a)
end }

driver { "the slack of a receive buffer's line is mapped by nobody and touched by nobody", function()
  local a = buffer(N)
  local h = map(a + 2, 101, FROM)
  dev:dma_write(h, ("n"):rep(101))
  unmap(h, 101, FROM)
  cpu_sees(a + 2, ("n"):rep(101))
  store(a, 5, 2)
  kfree(a)
end }

-- Not on MIPS, where a map for receiving drops the whole of an edge line.
driver { "the CPU stores beside a receive buffer while it is the CPU's turn", function()
  local a = buffer(N)
  local h = map(a, 100, FROM)
  dev:dma_write(h, ("n"):rep(100))
  unmap(h, 100, FROM)
  store(a + 104, 7)
  h = map(a, 100, FROM)
  dev:dma_write(h, ("m"):rep(100))
  unmap(h, 100, FROM)
  cpu_sees(a, ("m"):rep(100))
  equal(load(a + 104), 7)
  kfree(a)
end, boards = { "tiny", "arm64", "arm64-pre-5.19", "arm", "riscv", "x86" }, odd = false }

driver { "a transmit buffer and its neighbour in one line, both mapped to be read", function()
  local p = page()
  write(p, ("a"):rep(100) .. ("b"):rep(100))
  local first, second = map(p, 100, TO), map(p + 100, 100, TO)
  device_sees(first, ("a"):rep(100))
  store(p + 200, 5)
  device_sees(second, ("b"):rep(100))
  unmap(first, 100, TO)
  unmap(second, 100, TO)
  free_pages(p, 0)
end }

driver { "buffers of whole lines in one page, all mapped at once", function()
  local p, size = page(), core.board().line
  local handles = {}
  for i = 0, 7 do handles[i] = map(p + i * size, size, i % 2 == 0 and FROM or BOTH) end
  for i = 0, 7 do dev:dma_write(handles[i], letter(i):rep(size)) end
  for i = 0, 7 do
    unmap(handles[i], size, i % 2 == 0 and FROM or BOTH)
    cpu_sees(p + i * size, letter(i):rep(size))
  end
  free_pages(p, 0)
end }

-- They come and go together, and the CPU touches neither in between.
driver { "two entries of one list meet in a line", function()
  local p = page()
  local sgl = scatterlist(2)
  sg_init_table(sgl, 2)
  sg_set_buf(sgl[0], p, 100)
  sg_set_buf(sgl[1], p + 100, 60)
  equal(dma_map_sg(dev, sgl, 2, FROM), 2, "dma_map_sg says")
  dev:dma_write(sg_dma_address(sgl[0]), ("1"):rep(100))
  dev:dma_write(sg_dma_address(sgl[1]), ("2"):rep(60))
  dma_unmap_sg(dev, sgl, 2, FROM)
  cpu_sees(p, ("1"):rep(100) .. ("2"):rep(60))
  free_pages(p, 0)
end, odd = false }

-- The CPU may look while the device is idle, and hand on what it did not look at.
driver { "receive twice, the first packet dropped unseen", function()
  local a = buffer(N)
  local h = map(a, N, FROM)
  dev:dma_write(h, ("1"):rep(N))
  for_device(h, N, FROM)
  dev:dma_write(h, ("2"):rep(N))
  for_cpu(h, N, FROM)
  cpu_sees(a, ("2"):rep(N))
  for_device(h, N, FROM)
  unmap(h, N, FROM)
  cpu_sees(a, ("2"):rep(N))
  kfree(a)
end }

driver { "a cyclic buffer, one period after the other", function()
  local a, period = zeroed(1024), N
  local h = map(a, 1024, FROM)
  for i = 0, 7 do
    local at = i % 4 * period
    dev:dma_write(h + at, letter(i):rep(period))
    for_cpu(h + at, period, FROM)
    cpu_sees(a + at, letter(i):rep(period))
    for_device(h + at, period, FROM)
  end
  unmap(h, 1024, FROM)
  kfree(a)
end }

driver { "a cyclic buffer that is played, the next period written while one is read", function()
  local a, period = buffer(1024, "0"), 512
  local h = map(a, 1024, BOTH)
  for i = 0, 3 do
    local at, other = i % 2 * period, (i + 1) % 2 * period
    dev:start_read(h + at, period)
    for_cpu(h + other, period, BOTH)
    write(a + other, letter(i):rep(period))
    for_device(h + other, period, BOTH)
    dev:wait()
  end
  unmap(h, 1024, BOTH)
  kfree(a)
end }

-- Memory that comes and goes ---------------------------------------------------------------------

driver { "unmap and map again at the same place, the device in between idle", function()
  local a = buffer(N, "a")
  for i = 1, 3 do
    transmit(a, N, "a")
    receive(a, N - 8 * i, "b")
    write(a, ("a"):rep(N))
  end
  kfree(a)
end }

driver { "the memory is freed after the unmap, its next owner maps it too", function()
  local a = buffer(N, "a")
  transmit(a, N, "a")
  kfree(a)
  local other = buffer(N, "o")
  transmit(other, N, "o")
  kfree(other)
  dev:unbind()
end }

driver { "pages freed after their bounce buffers were given up, and taken again", function()
  local p = page()
  local h = map(p, N, FROM)
  dev:dma_write(h, ("n"):rep(N))
  dma_unmap_single_attrs(dev, h, N, FROM, DMA_ATTR_SKIP_CPU_SYNC)
  free_pages(p, 0)
  p = page()
  load(p)
  write(p, ("z"):rep(N))
  cpu_sees(p, ("z"):rep(N))
  free_pages(p, 0)
end, settings = { swiotlb = "256K", swiotlb_force = true }, boards = { "x86" } }

driver { "the part that is wanted is synced, the unmap skips the rest", function()
  local a = buffer(1024, "o")
  local h = map(a, 1024, FROM)
  dev:dma_write(h, ("n"):rep(1024))
  for_cpu(h, N, FROM)
  dma_unmap_single_attrs(dev, h, 1024, FROM, DMA_ATTR_SKIP_CPU_SYNC)
  cpu_sees(a, ("n"):rep(N))
  write(a + N, ("p"):rep(1024 - N))
  cpu_sees(a + N, ("p"):rep(1024 - N))
  kfree(a)
end, settings = { swiotlb = "256K", swiotlb_force = true },
  boards = { "x86", "arm64", "arm64-pre-5.19", "arm", "riscv", "mips" } }

driver { "receive, free, allocate, receive", function()
  for i = 1, 6 do
    local a = buffer(192)
    receive(a, 192, letter(i))
    kfree(a)
  end
end }

driver { "the same block serves all three directions in turn", function()
  for i, direction in ipairs { TO, FROM, BOTH, FROM, TO, BOTH } do
    local a = zeroed(512)
    if direction ~= FROM then
      write(a, letter(i):rep(512))
      transmit(a, 512, letter(i), direction)
    end
    if direction ~= TO then receive(a, 512, letter(i + 1), direction) end
    kfree(a)
  end
end }

driver { "krealloc, then map what it returned", function()
  local a = krealloc(buffer(64, "r"), 512)
  write(a + 64, ("s"):rep(448))
  local h = map(a, 512, TO)
  device_sees(h, ("r"):rep(64) .. ("s"):rep(448))
  unmap(h, 512, TO)
  kfree(a)
end }

driver { "krealloc between two mappings", function()
  local a = buffer(64)
  receive(a, 64, "n")
  a = krealloc(a, 1024)
  cpu_sees(a, ("n"):rep(64))
  receive(a, 1024, "m")
  kfree(a)
end }

-- While the device is at work --------------------------------------------------------------------

driver { "the CPU works on another buffer while the device reads", function()
  local a, other = buffer(1024, "a"), buffer(1024)
  local h = map(a, 1024, TO)
  dev:start_read(h, 1024)
  count_up(other, 1024)
  cpu_sees(other, counted_up(1024))
  dev:wait()
  equal(dev:buffer():sub(1, 1024), ("a"):rep(1024), "the device has")
  unmap(h, 1024, TO)
  kfree(a)
  kfree(other)
end }

driver { "the CPU works on another buffer while the device writes", function()
  local a, other = buffer(1024), buffer(1024)
  local h = map(a, 1024, FROM)
  dev:start_write(h, ("n"):rep(1024))
  count_up(other, 1024)
  dev:wait()
  unmap(h, 1024, FROM)
  cpu_sees(a, ("n"):rep(1024))
  cpu_sees(other, counted_up(1024))
  kfree(a)
  kfree(other)
end }

driver { "wait for the interrupt, then unmap", function()
  local a = buffer(128)
  local h = map(a, 128, FROM)
  local status, acknowledge, done = dev.bar + 0x24, dev.bar + 0x64, 0x100
  parts.ring_for_interrupt(h, 128)
  for _ = 1, 4000 do
    if dev:irq() then break end
    run(50)
  end
  equal(readl(status), done, "the interrupt's reason is")
  writel(done, acknowledge)
  equal(readl(status), 0, "the interrupt's reason is")   -- also pushes the posted write out
  equal(dev:irq(), false, "the interrupt line is")
  unmap(h, 128, FROM)
  read(a, 128)
  kfree(a)
end }

-- Coherent memory --------------------------------------------------------------------------------

driver { "coherent memory goes to and fro without a sync", function()
  local c, h, size = coherent()
  write(c, ("k"):rep(64))
  wmb()
  device_sees(h, ("k"):rep(64))
  dev:dma_write(h, ("m"):rep(64))
  cpu_sees(c, ("m"):rep(64))
  dma_free_coherent(dev, size, c, h)
end }

-- writel lets earlier stores out before itself.
driver { "coherent memory, the doorbell rung with writel", function()
  local c, h, size = coherent()
  for i = 1, 4 do parts.send_number(parts.ordered, c, h, i) end
  dma_free_coherent(dev, size, c, h)
end }

driver { "coherent memory, wmb before a doorbell rung with writel_relaxed", function()
  local c, h, size = coherent()
  for i = 1, 4 do parts.send_number(parts.relaxed, c, h, i, wmb) end
  dma_free_coherent(dev, size, c, h)
end }

-- What is stored after the doorbell is no part of the transfer: the device may get old or new.
driver { "the CPU stores to coherent memory while the device reads it", function()
  local c, h, size = coherent()
  dev:start_read(h, 512)
  count_up(c, 512)
  dev:wait()
  device_sees(h, counted_up(512))
  dma_free_coherent(dev, size, c, h)
end }

driver { "coherent memory in pages that had dirty lines, then freed and used cached", function()
  local p = page()
  memset(p, 0x55, PAGE)
  free_pages(p, 0)
  local c, h, size = coherent()
  cpu_sees(c, ("\0"):rep(64))
  dev:dma_write(h, ("m"):rep(512))
  run(1000)
  cpu_sees(c, ("m"):rep(512))
  dma_free_coherent(dev, size, c, h)
  p = page()
  write(p, ("z"):rep(PAGE))
  transmit(p, PAGE, "z")
  free_pages(p, 0)
end }

driver { "coherent memory, a byte stored into a word that is still on its way", function()
  local c, h, size = coherent()
  store(c, 0x1122334455667788)
  store(c + 2, 0xff, 1)
  equal(load(c), 0x1122334455ff7788)
  dma_free_coherent(dev, size, c, h)
end }

driver { "a descriptor in coherent memory, its payload mapped", function()
  local ring, at, size = coherent()
  local payload = buffer(N, "p")
  local h = map(payload, N, TO)
  store(ring + 8, h)
  dma_wmb()
  store(ring, 1)
  wmb()
  local own, pointer = string.unpack("<I8I8", dev:dma_read(at, 16))
  equal(own, 1)
  equal(pointer, h)
  device_sees(pointer, ("p"):rep(N))
  dev:dma_write(at, pack(0))
  equal(load(ring), 0)
  dma_rmb()
  unmap(h, N, TO)
  kfree(payload)
  dma_free_coherent(dev, size, ring, at)
end }

-- Memory the kernel does not know ----------------------------------------------------------------

local hides_memory = { mem = "30M" }
local has_hidden_memory = { "arm64", "arm64-pre-5.19", "arm", "mips", "riscv", "x86" }

driver { "memory hidden by mem=, shared through ioremap", function()
  local v = ioremap(HIDDEN, 0x200000)
  local h = bus_address(HIDDEN)
  count_up(v, 512)
  device_sees(h, counted_up(512))
  dev:dma_write(h, ("z"):rep(512))
  cpu_sees(v, ("z"):rep(512))
  iounmap(v)
end, settings = hides_memory, boards = has_hidden_memory }

driver { "memory hidden by mem=, through ioremap_wc with wmb before the doorbell", function()
  local v = ioremap_wc(HIDDEN, PAGE)
  parts.send_number(parts.relaxed, v, bus_address(HIDDEN), 5, wmb)
  iounmap(v)
end, settings = hides_memory, boards = has_hidden_memory }

return drivers
