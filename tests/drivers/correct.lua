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
  for _ = 1, 20000 do
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

driver { "a PC with strict: the barrier is there, and nobody minds", function()
  local c, h, size = coherent()
  for i = 1, 4 do parts.send_number(parts.relaxed, c, h, i, wmb) end
  for i = 1, 4 do parts.send_number(parts.ordered, c, h, i) end
  dma_free_coherent(dev, size, c, h)
end, boards = { "x86" }, settings = { strict = true } }

-- The registers of the device say that it is done: readl, and what is read then is not older.
driver { "coherent memory, polled for with readl", function()
  local c, h, size = coherent()
  for i = 1, 4 do
    load(c + 8)
    dev:start_write(h, pack(i, i + 1))
    while readl(dev.bar + 0x98) & 1 ~= 0 do run(20) end
    equal(load(c), i)
    equal(load(c + 8), i + 1)
  end
  dma_free_coherent(dev, size, c, h)
end }

driver { "coherent memory, polled for in memory, dma_rmb before the rest", function()
  local c, h, size = coherent()
  for i = 1, 4 do
    store(c + 8, 0)
    wmb()
    dev:start_write(h, pack(i, i + 1))
    while load(c + 8) ~= i + 1 do run(20) end
    dma_rmb()
    equal(load(c), i)
    dev:wait()
  end
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

-- DMA pools --------------------------------------------------------------------------------------

driver { "blocks of a pool go to and fro, and are given back in another order", function()
  local pool = parts.pool(96)
  local blocks = {}
  for i = 1, 50 do blocks[i] = { parts.block(pool) } end
  for i, block in ipairs(blocks) do
    write(block[1], letter(i):rep(96))
    wmb()
    device_sees(block[2], letter(i):rep(96))
    dev:dma_write(block[2], letter(i + 1):rep(96))
  end
  for i, block in ipairs(blocks) do cpu_sees(block[1], letter(i + 1):rep(96)) end
  for i = 1, 50 do dma_pool_free(pool, table.unpack(blocks[i * 7 % 50 + 1])) end
  dma_pool_destroy(pool)
end }

driver { "a block of a pool is given back and used again and again", function()
  local pool = parts.pool(64)
  for i = 1, 8 do
    local va, h = parts.block(pool)
    dev:dma_write(h, letter(i):rep(64))
    cpu_sees(va, letter(i):rep(64))
    dma_pool_free(pool, va, h)
  end
  dma_pool_destroy(pool)
end }

driver { "a block of dma_pool_zalloc is zero for both sides", function()
  local pool = parts.pool(64)
  local va, h = parts.block(pool)
  memset(va, 0x55, 64)
  dma_pool_free(pool, va, h)
  va, h = dma_pool_zalloc(pool)
  cpu_sees(va, ("\0"):rep(64))
  device_sees(h, ("\0"):rep(64))
  dma_pool_free(pool, va, h)
  dma_pool_destroy(pool)
end }

driver { "a descriptor in a block of a pool, its payload mapped", function()
  local pool = dma_pool_create("descriptors", dev, 32, 32, 4096)
  local va, at = dma_pool_zalloc(pool)
  local payload = buffer(N, "p")
  local h = map(payload, N, TO)
  store(va + 8, h)
  dma_wmb()
  store(va, 1)
  wmb()
  local own, pointer = string.unpack("<I8I8", dev:dma_read(at, 16))
  equal(own, 1)
  device_sees(pointer, ("p"):rep(N))
  dev:dma_write(at, pack(0))
  equal(load(va), 0)
  dma_rmb()
  unmap(h, N, TO)
  kfree(payload)
  dma_pool_free(pool, va, at)
  dma_pool_destroy(pool)
end }

driver { "a managed pool goes with its driver", function()
  local pool = dmam_pool_create("managed", dev, 20, 4, 64)
  local va, h = parts.block(pool)
  dev:dma_write(h, ("m"):rep(20))
  cpu_sees(va, ("m"):rep(20))
  dma_pool_free(pool, va, h)
  dev:unbind()
end }

-- Subsystems -------------------------------------------------------------------------------------

driver { "PCI's own calls: a ring and a buffer each way", function()
  local ring, dma = pci_alloc_consistent(dev, N)
  parts.send_number(parts.ordered, ring, dma, 7)
  local a = buffer(N, "a")
  local h = pci_map_single(dev, a, N, PCI_DMA_BIDIRECTIONAL)
  equal(pci_dma_mapping_error(dev, h), 0)
  device_sees(h, ("a"):rep(N))
  dev:dma_write(h, ("b"):rep(N))
  pci_dma_sync_single_for_cpu(dev, h, N, PCI_DMA_BIDIRECTIONAL)
  cpu_sees(a, ("b"):rep(N))
  pci_unmap_single(dev, h, N, PCI_DMA_BIDIRECTIONAL)
  pci_free_consistent(dev, N, ring, dma)
  kfree(a)
end }

driver { "urbs out and in, submitted again by their complete", function()
  local a, rounds = buffer(N, "a"), 0
  local urb = usb_alloc_urb()
  usb_fill_bulk_urb(urb, dev, usb_sndbulkpipe(dev, 1), a, N, function(u)
    equal(u.status, 0)
    rounds = rounds + 1
    if rounds == 3 then return end
    write(a, letter(rounds):rep(N))
    equal(usb_submit_urb(u), 0)
  end)
  equal(usb_submit_urb(urb), 0)
  while usb_hcd_irq(dev) == 1 do end
  equal(rounds, 3)
  usb_answer(dev, "answer")
  local status, n = usb_bulk_msg(dev, usb_rcvbulkpipe(dev, 1), a, N)
  equal(status, 0)
  equal(n, 6)
  cpu_sees(a, "answer")
  kfree(a)
end }

driver { "an urb with memory of usb_alloc_coherent", function()
  local va, dma = usb_alloc_coherent(dev, N)
  local urb = usb_alloc_urb()
  usb_fill_bulk_urb(urb, dev, usb_rcvbulkpipe(dev, 1), va, N, function() cpu_sees(va, "data") end)
  urb.transfer_dma, urb.transfer_flags = dma, URB_NO_TRANSFER_DMA_MAP
  usb_answer(dev, "data")
  equal(usb_submit_urb(urb), 0)
  usb_hcd_irq(dev)
  usb_free_coherent(dev, N, va, dma)
end }

-- Two pages that meet are one segment of the request.
driver { "a bio to the disk and one back", function()
  local pages = page()
  for _, opf in ipairs { REQ_OP_WRITE, REQ_OP_READ } do
    local q, bio = blk_alloc_queue(dev), bio_alloc(dev, 2, opf)
    if opf == REQ_OP_WRITE then write(pages, ("w"):rep(PAGE)) end
    bio_add_page(bio, virt_to_page(pages), PAGE // 2, 0)
    bio_add_page(bio, virt_to_page(pages), PAGE // 2, PAGE // 2)
    local rq = blk_mq_alloc_request(q, opf)
    equal(blk_rq_append_bio(rq, bio), 0)
    local sgl, dir = scatterlist(2), rq_dma_dir(rq)
    local nents = blk_rq_map_sg(q, rq, sgl)
    equal(nents, 1)
    equal(dma_map_sg(dev, sgl, nents, dir), 1)
    if opf == REQ_OP_WRITE then
      device_sees(sg_dma_address(sgl), ("w"):rep(PAGE))
    else
      dev:dma_write(sg_dma_address(sgl), ("r"):rep(PAGE))
    end
    dma_unmap_sg(dev, sgl, nents, dir)
    blk_mq_end_request(rq, BLK_STS_OK)
  end
  cpu_sees(pages, ("r"):rep(PAGE))
  free_pages(pages, 0)
end }

driver { "transmit a packet with a header and a fragment", function()
  local skb = netdev_alloc_skb(dev, N)
  write(skb_put(skb, N), ("d"):rep(N))
  write(skb_push(skb, 14), ("h"):rep(14))
  local p = page()
  write(p, ("f"):rep(N))
  skb_add_rx_frag(skb, 0, virt_to_page(p), 0, N, PAGE)
  local frag = skb_shinfo(skb).frags[0]
  local head = map(skb.data, skb_headlen(skb), TO)
  local h = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag), DMA_TO_DEVICE)
  equal(dma_mapping_error(dev, h), 0)
  device_sees(head, ("h"):rep(14) .. ("d"):rep(N))
  device_sees(h, ("f"):rep(N))
  unmap(head, skb_headlen(skb), TO)
  dma_unmap_page(dev, h, N, DMA_TO_DEVICE)
  dev_kfree_skb(skb)
end }

driver { "receive a packet", function()
  local skb = netdev_alloc_skb(dev, N)
  local h = map(skb.data, N, FROM)
  dev:dma_write(h, ("r"):rep(100))
  unmap(h, N, FROM)
  cpu_sees(skb_put(skb, 100), ("r"):rep(100))
  kfree_skb(skb)
end }

driver { "bound and unbound, with nothing left", function()
  local a, h
  equal(bind {
    name = "tidy",
    probe = function()
      a = buffer(N, "a")
      h = map(a, N, TO)
      return dmam_alloc_coherent(dev, N) and 0 or -12
    end,
    remove = function()
      unmap(h, N, TO)
      kfree(a)
    end,
  }, 0)
  device_sees(h, ("a"):rep(N))
  equal(#unbind(), 0)
end }

-- Interrupts ---------------------------------------------------------------------------------------

local function wait_for(done)
  if wait_for_completion_timeout(done, 1000000) == 0 then error("timed out", 0) end
end

driver { "receive again and again, the handler says when it is done", function()
  local a, done = zeroed(N), init_completion()
  equal(request_irq(dev, parts.handler(done)), 0)
  for i = 1, 4 do
    local h = map(a, N, FROM)
    parts.ring_for_interrupt(h, N)
    wait_for(done)
    unmap(h, N, FROM)
    read(a, N)
  end
  free_irq(dev)
  kfree(a)
end }

driver { "the handler unmaps, reads and starts the next transfer", function()
  local a, done, left, h = zeroed(N), init_completion(), 3
  local function start()
    h = map(a, N, FROM)
    parts.ring_for_interrupt(h, N)
  end
  equal(request_irq(dev, parts.handler(done, function()
    unmap(h, N, FROM)
    read(a, N)
    kfree(kmalloc(64, GFP_ATOMIC))
    left = left - 1
    if left > 0 then start() end
  end)), 0)
  start()
  for _ = 1, 3 do wait_for(done) end
  equal(left, 0)
  free_irq(dev)
  kfree(a)
end }

driver { "a lock the handler takes too, with interrupts off elsewhere", function()
  local a, done, events = zeroed(N), init_completion(), 0
  equal(request_irq(dev, parts.handler(done, function()
    spin_lock("ring")
    events = events + 1
    spin_unlock("ring")
  end)), 0)
  local h = map(a, N, FROM)
  local flags = spin_lock_irqsave("ring")
  parts.ring_for_interrupt(h, N)
  udelay(20)
  equal(events, 0)
  spin_unlock_irqrestore("ring", flags)
  wait_for(done)
  equal(events, 1)
  unmap(h, N, FROM)
  free_irq(dev)
  kfree(a)
end }

driver { "coherent memory allocated under a spinlock, freed where the driver may sleep", function()
  spin_lock()
  local c, h = dma_alloc_coherent(dev, 64, GFP_ATOMIC)
  spin_unlock()
  parts.send_number(parts.ordered, c, h, 5)
  dma_free_coherent(dev, 64, c, h)
end }

driver { "coherent memory of more than a page from CMA", function()
  local c, h = dma_alloc_coherent(dev, 3 * PAGE)
  parts.send_number(parts.ordered, c + 2 * PAGE, h + 2 * PAGE, 7)
  dma_free_coherent(dev, 3 * PAGE, c, h)
end, settings = { cma = "64K" } }

driver { "the CPU takes a header, gives back all, and the device writes all of it anew", function()
  local a = buffer(4 * N, "a")
  local h = map(a, 4 * N, BOTH)
  dev:dma_write(h, ("b"):rep(4 * N))
  for_cpu(h, N, BOTH)
  cpu_sees(a, ("b"):rep(N))
  for_device(h, 4 * N, BOTH)
  dev:dma_write(h, ("c"):rep(4 * N))
  unmap(h, 4 * N, BOTH)
  cpu_sees(a, ("c"):rep(4 * N))
  kfree(a)
end, boards = { "x86", "arm64", "arm64-pre-5.19", "riscv", "mips", "arm" },
  settings = { swiotlb = "256K", swiotlb_force = true } }

-- Free pages of which no two are neighbours.
local function fragment()
  local pages = {}
  for i = 1, 512 do pages[i] = __get_free_pages(GFP_KERNEL | __GFP_NOWARN, 0) end
  table.sort(pages, math.ult)
  for i = 1, #pages, 2 do free_pages(pages[i], 0) end
  return pages
end

driver { "coherent memory of pages that lie apart, behind an IOMMU", function()
  local pages = fragment()
  local n = 3 * PAGE
  local va, h = dma_alloc_coherent(dev, n)
  write(va, ("c"):rep(n))
  wmb()
  device_sees(h, ("c"):rep(n))
  dev:dma_write(h, ("d"):rep(n))
  cpu_sees(va, ("d"):rep(n))
  dma_free_coherent(dev, n, va, h)
  for i = 2, #pages, 2 do free_pages(pages[i], 0) end
end, boards = { "arm64-smmu", "x86-iommu", "mips", "riscv" },
  settings = { ram = "1M", kernel_image = "64K", iommu = "strict", dma_mask_bits = 32 } }

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

-- A network card ---------------------------------------------------------------------------------

local nic, audio = devices.nic, devices.audio

driver { "nic: receive, unmap each packet, map a fresh buffer", function()
  local ring = parts.receive_ring(4, N)
  for i = 1, 9 do
    parts.arrives(letter(i):rep(100 + i))
    local slot = ring.slots[ring.done % 4]
    equal(ring:take(), 100 + i, "length")
    dma_unmap_single(nic, slot.h, N, FROM)
    cpu_sees(slot.va, letter(i):rep(100 + i))
    kfree(slot.va)
    slot.va = buffer(N)
    slot.h = parts.map_for_nic(slot.va, N, FROM)
    ring:give(slot.h, N)
  end
  parts.end_receive_ring(ring, N)
end }

driver { "nic: receive, copy out between two syncs, recycle the buffer", function()
  local ring, copy = parts.receive_ring(4, N), buffer(N)
  for i = 1, 9 do
    parts.arrives(letter(i):rep(N))
    local slot = ring.slots[ring.done % 4]
    local length = ring:take()
    dma_sync_single_for_cpu(nic, slot.h, length, FROM)
    memcpy(copy, slot.va, length)
    dma_sync_single_for_device(nic, slot.h, length, FROM)
    ring:give(slot.h, N)
    cpu_sees(copy, letter(i):rep(N))
  end
  parts.end_receive_ring(ring, N)
  kfree(copy)
end }

driver { "nic: several packets before the driver looks", function()
  local ring = parts.receive_ring(4, N)
  for i = 1, 3 do parts.arrives(letter(i):rep(10 * i)) end
  for i = 1, 3 do
    local slot = ring.slots[i - 1]
    equal(ring:take(), 10 * i, "length")
    dma_sync_single_for_cpu(nic, slot.h, N, FROM)
    cpu_sees(slot.va, letter(i):rep(10 * i))
    dma_sync_single_for_device(nic, slot.h, N, FROM)
  end
  equal(ring:take(), nil, "the fourth descriptor")
  parts.end_receive_ring(ring, N)
end }

driver { "nic: no descriptor is the card's, the packet is dropped and counted", function()
  local ring = parts.ring_of_nic("receive", 2)
  parts.nic_control(1)
  parts.arrives("lost")
  equal(readl(nic.bar + 0x28), 1, "dropped")
  parts.nic_control(0x80)
  ring:free()
end }

driver { "nic: transmit, a packet a doorbell", function()
  local ring = parts.ring_of_nic("transmit", 4)
  parts.nic_control(2)
  for i = 1, 9 do
    local a = buffer(N, letter(i))
    local h = parts.map_for_nic(a, N, TO)
    ring:give(h, N, parts.LAST)
    parts.nic_doorbell()
    equal(nic:wait(100000), true, "the card is done")
    equal(ring:take(), N, "length")
    dma_unmap_single(nic, h, N, TO)
    equal(nic:sent(), letter(i):rep(N), "sent")
    kfree(a)
  end
  parts.nic_control(0x80)
  ring:free()
end }

driver { "nic: transmit a packet of a header and a page, both in one doorbell", function()
  local ring = parts.ring_of_nic("transmit", 4)
  local header, payload = buffer(64, "h"), buffer(1024, "p")
  local first, second = parts.map_for_nic(header, 64, TO), parts.map_for_nic(payload, 1024, TO)
  parts.nic_control(2)
  ring:give(first, 64)
  ring:give(second, 1024, parts.LAST)
  parts.nic_doorbell()
  nic:wait()
  equal(nic:sent(), ("h"):rep(64) .. ("p"):rep(1024), "sent")
  equal(ring:take(), 64, "length")
  equal(ring:take(), 1024, "length")
  dma_unmap_single(nic, first, 64, TO)
  dma_unmap_single(nic, second, 1024, TO)
  parts.nic_control(0x80)
  ring:free()
  kfree(header)
  kfree(payload)
end }

driver { "nic: fill and hand over the next packet while the card sends one", function()
  local ring = parts.ring_of_nic("transmit", 8)
  local buffers, handles = {}, {}
  parts.nic_control(2)
  for i = 1, 6 do
    buffers[i] = buffer(N, letter(i))
    handles[i] = parts.map_for_nic(buffers[i], N, TO)
    ring:give(handles[i], N, parts.LAST)
    parts.nic_doorbell()
  end
  nic:wait()
  for i = 1, 6 do
    equal(ring:take(), N, "length")
    dma_unmap_single(nic, handles[i], N, TO)
    kfree(buffers[i])
  end
  equal(nic:sent(), letter(6):rep(N), "sent")
  parts.nic_control(0x80)
  ring:free()
end }

driver { "nic: what is sent comes back", function()
  local rx = parts.receive_ring(2, N)
  local tx = parts.ring_of_nic("transmit", 2)
  local a = buffer(N, "l")
  local h = parts.map_for_nic(a, N, TO)
  parts.nic_control(7)
  tx:give(h, N, parts.LAST)
  parts.nic_doorbell()
  nic:wait()
  equal(tx:take(), N, "length sent")
  equal(rx:take(), N, "length received")
  dma_unmap_single(nic, h, N, TO)
  dma_sync_single_for_cpu(nic, rx.slots[0].h, N, FROM)
  cpu_sees(rx.slots[0].va, ("l"):rep(N))
  dma_sync_single_for_device(nic, rx.slots[0].h, N, FROM)
  parts.end_receive_ring(rx, N)
  tx:free()
  kfree(a)
end }

-- The reset comes first: as long as the card may go on, nothing can be given back.
driver { "nic: the card hangs; the driver gives up waiting, resets it and unmaps", function()
  local ring = parts.ring_of_nic("transmit", 4)
  local a = buffer(N, "t")
  local h = parts.map_for_nic(a, N, TO)
  parts.nic_control(2)
  ring:give(h, N, parts.LAST)
  parts.nic_doorbell()
  equal(nic:wait(50000), false, "the card is done")
  parts.nic_control(0x80)
  equal(nic:busy(), false, "busy")
  dma_unmap_single(nic, h, N, TO)
  write(a, ("u"):rep(N))
  ring:free()
  kfree(a)
end, settings = { device_fault = "stall" } }

driver { "nic: a short packet is as long as its descriptor says", function()
  local ring = parts.receive_ring(2, N)
  parts.arrives(("s"):rep(N))
  local length = ring:take()
  equal(length, N // 2, "length")
  dma_sync_single_for_cpu(nic, ring.slots[0].h, length, FROM)
  cpu_sees(ring.slots[0].va, ("s"):rep(length))
  dma_sync_single_for_device(nic, ring.slots[0].h, length, FROM)
  parts.end_receive_ring(ring, N)
end, settings = { device_fault = "short" } }

driver { "nic: a length larger than the buffer is not believed", function()
  local ring = parts.receive_ring(2, N)
  parts.arrives(("s"):rep(N))
  local length = math.min(ring:take(), N)
  dma_sync_single_for_cpu(nic, ring.slots[0].h, length, FROM)
  cpu_sees(ring.slots[0].va, ("s"):rep(length))
  dma_sync_single_for_device(nic, ring.slots[0].h, length, FROM)
  parts.end_receive_ring(ring, N)
end, settings = { device_fault = "length" } }

-- What it says it has sent it may still read; only a reset ends that.
driver { "nic: a card that may be late is reset before its buffer is unmapped", function()
  local ring = parts.ring_of_nic("transmit", 4)
  local a = buffer(1024, "l")
  local h = parts.map_for_nic(a, 1024, TO)
  parts.nic_control(2)
  ring:give(h, 1024, parts.LAST)
  parts.nic_doorbell()
  nic:wait()
  ring:take()
  parts.nic_control(0x80)
  dma_unmap_single(nic, h, 1024, TO)
  write(a, ("m"):rep(1024))
  run(20000)
  ring:free()
  kfree(a)
end, settings = { device_fault = "late" } }

driver { "nic: lengths are fetched once, for the card changes them later", function()
  local ring = parts.receive_ring(4, N)
  for i = 1, 6 do
    parts.arrives(letter(i):rep(100))
    local slot, length = ring.slots[ring.done % 4], ring:take()
    equal(length, 100, "length")
    dma_sync_single_for_cpu(nic, slot.h, N, FROM)
    cpu_sees(slot.va, letter(i):rep(length))
    dma_sync_single_for_device(nic, slot.h, N, FROM)
    run(2000)
    ring:give(slot.h, N)
  end
  parts.end_receive_ring(ring, N)
end, settings = { device_fault = "change" } }

-- A sound card -----------------------------------------------------------------------------------

driver { "audio: play a buffer filled once, stop, unmap", function()
  local a = buffer(4 * N, "s")
  local h = parts.map_for_audio(a, 4 * N, TO)
  parts.audio_start(h, 4 * N, N, 1)
  for _ = 1, 6 do
    parts.audio_period()
    equal(audio:sent(), ("s"):rep(N), "played")
  end
  parts.audio_stop()
  dma_unmap_single(audio, h, 4 * N, TO)
  write(a, ("t"):rep(N))
  kfree(a)
end }

driver { "audio: refill the period that was played, between two syncs", function()
  local a = buffer(2 * N, "0")
  local h = parts.map_for_audio(a, 2 * N, TO)
  writel(60000, audio.bar + 0x98)
  parts.audio_start(h, 2 * N, N, 1)
  for i = 0, 5 do
    parts.audio_period()
    equal(audio:sent(), (i < 2 and "0" or letter(i - 2)):rep(N), "played")
    local at = i % 2 * N
    dma_sync_single_for_cpu(audio, h + at, N, TO)
    write(a + at, letter(i):rep(N))
    dma_sync_single_for_device(audio, h + at, N, TO)
  end
  parts.audio_stop()
  dma_unmap_single(audio, h, 2 * N, TO)
  kfree(a)
end }

driver { "audio: capture, sync each period to the CPU and back", function()
  local a = buffer(2 * N)
  local h = parts.map_for_audio(a, 2 * N, FROM)
  for i = 0, 5 do audio:receive(letter(i):rep(N)) end
  writel(60000, audio.bar + 0x98)
  parts.audio_start(h, 2 * N, N, 3)
  for i = 0, 5 do
    parts.audio_period()
    local at = i % 2 * N
    dma_sync_single_for_cpu(audio, h + at, N, FROM)
    cpu_sees(a + at, letter(i):rep(N))
    dma_sync_single_for_device(audio, h + at, N, FROM)
  end
  parts.audio_stop()
  dma_unmap_single(audio, h, 2 * N, FROM)
  cpu_sees(a + N, letter(5):rep(N))
  kfree(a)
end }

driver { "audio: a card that is late is reset, then unmapped", function()
  local a = buffer(1024, "l")
  local h = parts.map_for_audio(a, 1024, TO)
  parts.audio_start(h, 1024, 512, 1)
  parts.audio_period()
  writel(0x80, audio.bar + 4)
  readl(audio.bar + 4)
  dma_unmap_single(audio, h, 1024, TO)
  write(a, ("m"):rep(1024))
  run(20000)
  kfree(a)
end, settings = { device_fault = "late" } }

driver { "audio: a card that hangs is stopped and unmapped", function()
  local a = buffer(1024)
  local h = parts.map_for_audio(a, 1024, FROM)
  parts.audio_start(h, 1024, 512, 3)
  equal(audio:wait(50000), false, "a period is over")
  parts.audio_stop()
  dma_unmap_single(audio, h, 1024, FROM)
  write(a, ("m"):rep(1024))
  kfree(a)
end, settings = { device_fault = "stall" } }

driver { "audio: a coherent buffer needs no syncs", function()
  local va, h = dma_alloc_coherent(audio, PAGE)
  write(va, ("c"):rep(PAGE))
  writel(60000, audio.bar + 0x98)
  parts.audio_start(h, PAGE, PAGE // 2, 1)
  for i = 1, 3 do
    parts.audio_period()
    write(va, letter(i):rep(N))
  end
  parts.audio_stop()
  dma_free_coherent(audio, PAGE, va, h)
end }

-- A disk and a crypto device ---------------------------------------------------------------------

local SECTOR, READ, WRITE = parts.SECTOR, parts.READ, parts.WRITE

driver { "a disk: read two sectors, unmap, load", function()
  local disk, a = parts.disk(4), buffer(2 * SECTOR, "a")
  devices.blk:receive(("d"):rep(1024) .. ("e"):rep(1024))
  local h = parts.disk_map(a, 2 * SECTOR, FROM)
  disk:submit(READ, 1, 7, { { h, 2 * SECTOR } })
  local tag, bytes = disk:take()
  equal(tag, 7)
  equal(bytes, 2 * SECTOR)
  parts.disk_unmap(h, 2 * SECTOR, FROM)
  cpu_sees(a, ("d"):rep(SECTOR) .. ("e"):rep(SECTOR))
  kfree(a)
  disk:close()
end }

driver { "a disk: write and read back through scatterlists of other pieces", function()
  local disk = parts.disk(4)
  local out = { { buffer(100, "x"), 100 }, { buffer(412, "y"), 412 }, { buffer(512, "z"), 512 } }
  local back = { { buffer(600, "-"), 600 }, { buffer(424, "-"), 424 } }
  local sg, pieces = parts.disk_map_list(out, TO)
  disk:submit(WRITE, 3, 1, pieces)
  equal(disk:take(), 1)
  parts.disk_unmap_list(sg, #out, TO)
  equal(devices.blk:buffer():sub(3 * SECTOR + 1, 5 * SECTOR),
        ("x"):rep(100) .. ("y"):rep(412) .. ("z"):rep(512), "the disk has")
  sg, pieces = parts.disk_map_list(back, FROM)
  disk:submit(READ, 3, 2, pieces)
  equal(disk:take(), 2)
  parts.disk_unmap_list(sg, #back, FROM)
  cpu_sees(back[1][1], ("x"):rep(100) .. ("y"):rep(412) .. ("z"):rep(88))
  cpu_sees(back[2][1], ("z"):rep(424))
  for _, list in ipairs { out, back } do
    for _, b in ipairs(list) do kfree(b[1]) end
  end
  disk:close()
end }

-- The rings are gone round three times; whoever is done first is taken first.
driver { "a disk: four requests in flight, done in any order", function()
  local disk, buffers = parts.disk(4), {}
  for i = 1, 4 do buffers[i] = buffer(SECTOR) end
  for round = 1, 3 do
    local handles = {}
    for i = 1, 4 do
      write(buffers[i], letter(round * 4 + i):rep(SECTOR))
      handles[i] = parts.disk_map(buffers[i], SECTOR, TO)
      disk:submit(WRITE, i, i, { { handles[i], SECTOR } })
    end
    for _ = 1, 4 do
      local tag = disk:take()
      parts.disk_unmap(handles[tag], SECTOR, TO)
      equal(devices.blk:buffer():sub(tag * SECTOR + 1, (tag + 1) * SECTOR),
            letter(round * 4 + tag):rep(SECTOR), "the disk has")
      handles[tag] = nil
    end
    equal(next(handles), nil)
  end
  for i = 1, 4 do kfree(buffers[i]) end
  disk:close()
end }

driver { "a disk: the shortest request first", function()
  local disk, a, b = parts.disk(4, 2), buffer(2048), buffer(SECTOR)
  local long, short = parts.disk_map(a, 2048, FROM), parts.disk_map(b, SECTOR, FROM)
  disk:put(READ, 0, 1, { { long, 2048 } })
  disk:put(READ, 0, 2, { { short, SECTOR } })
  disk:ring()
  equal(disk:take(), 2)
  equal(disk:take(), 1)
  parts.disk_unmap(long, 2048, FROM)
  parts.disk_unmap(short, SECTOR, FROM)
  kfree(a)
  kfree(b)
  disk:close()
end }

driver { "a disk: wait for the interrupt, one buffer for a write and a read", function()
  local disk, a = parts.disk(4, 4), buffer(SECTOR, "w")
  local h = parts.disk_map(a, SECTOR, BOTH)
  for i, operation in ipairs { WRITE, READ } do
    disk:submit(operation, 9, i, { { h, SECTOR } })
    while not devices.blk:irq() do run(50) end
    disk:acknowledge()
    equal(disk:take(), i)
    dma_sync_single_for_cpu(devices.blk, h, SECTOR, BOTH)
    cpu_sees(a, ("w"):rep(SECTOR))
    dma_sync_single_for_device(devices.blk, h, SECTOR, BOTH)
  end
  parts.disk_unmap(h, SECTOR, BOTH)
  kfree(a)
  disk:close()
end }

-- What a reset leaves half done is the driver's again: nothing moves after it.
driver { "a disk: reset in the middle of a read, then unmap and go on", function()
  local disk, a = parts.disk(4), buffer(4096, "r")
  local h = parts.disk_map(a, 4096, FROM)
  disk:submit(READ, 0, 1, { { h, 4096 } })
  run(900)
  disk:close()
  parts.disk_unmap(h, 4096, FROM)
  write(a, ("s"):rep(4096))
  run(3000)
  cpu_sees(a, ("s"):rep(4096))
  kfree(a)
end }

-- One sector into the memory of a buffer that is its size, and what the disk says of it.
local function read_sector(disk, h)
  devices.blk:receive(("d"):rep(SECTOR))
  disk:submit(READ, 0, 1, { { h, SECTOR } })
  local _, bytes = disk:take()
  return bytes
end

for _, row in ipairs { { "short", SECTOR // 2 }, { "length", 2 * SECTOR }, { "change", SECTOR } } do
  local fault, said = row[1], row[2]
  driver { "a disk: no more is believed than was mapped, with device_fault = " .. fault, function()
    local disk, a = parts.disk(4), buffer(SECTOR, "a")
    local h = parts.disk_map(a, SECTOR, FROM)
    local bytes = read_sector(disk, h)
    equal(bytes, said)
    run(2000)
    parts.disk_unmap(h, SECTOR, FROM)
    cpu_sees(a, ("d"):rep(math.min(bytes, SECTOR)))
    kfree(a)
    disk:close()
  end, settings = { device_fault = fault } }
end

driver { "a disk: late with its data, so it is reset before the unmap", function()
  local disk, a = parts.disk(4), buffer(SECTOR, "a")
  local h = parts.disk_map(a, SECTOR, FROM)
  read_sector(disk, h)
  disk:close()
  parts.disk_unmap(h, SECTOR, FROM)
  write(a, ("b"):rep(SECTOR))
  run(20000)
  cpu_sees(a, ("b"):rep(SECTOR))
  kfree(a)
end, settings = { device_fault = "late" } }

driver { "a disk: it hangs; the driver gives up waiting, resets it and unmaps", function()
  local disk, a = parts.disk(4), buffer(SECTOR, "a")
  local h = parts.disk_map(a, SECTOR, FROM)
  disk:submit(READ, 0, 1, { { h, SECTOR } })
  equal(devices.blk:wait(50000), false, "the disk is done")
  disk:close()
  parts.disk_unmap(h, SECTOR, FROM)
  write(a, ("b"):rep(SECTOR))
  kfree(a)
end, settings = { device_fault = "stall" } }

-- Whatever happens: what was reported is looked at, what may go on is reset first.
driver { "a disk: breaks down as nature likes, eight requests one after the other", function()
  for i = 1, 8 do
    local disk, a = parts.disk(2), buffer(SECTOR, letter(i))
    local h = parts.disk_map(a, SECTOR, TO)
    disk:submit(WRITE, i, i, { { h, SECTOR } })
    devices.blk:wait(50000)
    disk:close()
    parts.disk_unmap(h, SECTOR, TO)
    kfree(a)
  end
end, settings = { device_fault = "any" } }

-- The engine that moves whole buffers -------------------------------------------------------------

driver { "edu: what was moved is asked, for it may be less", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  parts.ring(parts.ordered, h, N)
  dev:wait()
  equal(readl(dev.bar + 0x90), N // 2, "the count register")
  unmap(h, N, TO)
  kfree(a)
end, settings = { device_fault = "short" } }

driver { "edu: hangs; command 0 ends the transfer, then the unmap", function()
  local a = buffer(N, "a")
  local h = map(a, N, TO)
  parts.ring(parts.ordered, h, N)
  equal(dev:wait(50000), false, "the transfer is done")
  writel(0, dev.bar + 0x98)
  readl(dev.bar + 0x98)
  unmap(h, N, TO)
  write(a, ("b"):rep(N))
  kfree(a)
end, settings = { device_fault = "stall" } }

local KEY = 0x123456789abcdef1

driver { "crypto: hangs or is late; command 0 stops it, then the unmap", function()
  local a = buffer(N, "p")
  local h = parts.crypto_map(a, N, BOTH)
  local bar = devices.crypto.bar
  writeq(h, bar + 0x10)
  writeq(h, bar + 0x18)
  writeq(KEY, bar + 0x20)
  writel(N, bar + 0x28)
  writel(1, bar + 0x2c)
  devices.crypto:wait(50000)
  writel(0, bar + 0x2c)
  readl(bar + 0x2c)
  parts.crypto_unmap(h, N, BOTH)
  write(a, ("q"):rep(N))
  run(20000)
  cpu_sees(a, ("q"):rep(N))
  kfree(a)
end, settings = { device_fault = "any" } }

driver { "crypto in place, twice: DMA_BIDIRECTIONAL", function()
  local plain = ("attack at dawn, "):rep(16)
  local a = buffer(#plain)
  write(a, plain)
  local h = parts.crypto_map(a, #plain, BOTH)
  parts.encipher(h, h, #plain, KEY)
  dma_sync_single_for_cpu(devices.crypto, h, #plain, BOTH)
  cpu_sees(a, parts.enciphered(plain, KEY))
  dma_sync_single_for_device(devices.crypto, h, #plain, BOTH)
  parts.encipher(h, h, #plain, KEY)
  parts.crypto_unmap(h, #plain, BOTH)
  cpu_sees(a, plain)
  kfree(a)
end }

driver { "crypto from one buffer to another, each with its direction", function()
  local plain = ("keep it quiet "):rep(20)
  local a, b = buffer(#plain), buffer(#plain, "-")
  write(a, plain)
  local from, to = parts.crypto_map(a, #plain, TO), parts.crypto_map(b, #plain, FROM)
  parts.encipher(from, to, #plain, KEY)
  parts.crypto_unmap(from, #plain, TO)
  parts.crypto_unmap(to, #plain, FROM)
  cpu_sees(b, parts.enciphered(plain, KEY))
  cpu_sees(a, plain)
  kfree(a)
  kfree(b)
end }

driver { "a disk and crypto: what is read is enciphered and written back", function()
  local disk, a = parts.disk(4), buffer(SECTOR)
  devices.blk:receive(("p"):rep(SECTOR))
  local h = parts.disk_map(a, SECTOR, FROM)
  disk:submit(READ, 0, 1, { { h, SECTOR } })
  disk:take()
  parts.disk_unmap(h, SECTOR, FROM)
  h = parts.crypto_map(a, SECTOR, BOTH)
  parts.encipher(h, h, SECTOR, KEY)
  parts.crypto_unmap(h, SECTOR, BOTH)
  h = parts.disk_map(a, SECTOR, TO)
  disk:submit(WRITE, 0, 2, { { h, SECTOR } })
  disk:take()
  parts.disk_unmap(h, SECTOR, TO)
  equal(devices.blk:buffer():sub(1, SECTOR), parts.enciphered(("p"):rep(SECTOR), KEY),
        "the disk has")
  kfree(a)
  disk:close()
end }

return drivers
