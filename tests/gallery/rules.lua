-- The forty rules for whoever writes a driver, each with a driver that breaks it and one that keeps
-- it. A row: { "the rule", name of a scenario of the gallery } or { "the rule", rule = what dmalab
-- calls it, machine = { }, broken = function, mended = function }, as gallery.lua says.

local gallery = require "gallery"
local parts = require "parts"
local map, filled, check = gallery.map, gallery.filled, gallery.check

local rules = {}
local function rule(row) rules[#rules + 1] = row end

rule { "give a device only the dma_addr_t of the DMA API", "01-rockchip-sfc" }
rule { "map no memory of the stack", "18-i2c-at91" }
rule { "map no memory of vmalloc", "23-mt6625l" }
rule { "ask dma_mapping_error after every map", "03-mxs-dcp" }

-- Segments of a list ------------------------------------------------------------------------------

rule { "tell the device of as many segments as dma_map_sg made", rule = "use-before-check",
  machine = { board = "arm64-smmu" },
  broken = function()
    local sg = gallery.pages(2)
    dma_map_sg(dev, sg, 2, DMA_TO_DEVICE)
    for s in for_each_sg(sg, 2) do dev:dma_read(sg_dma_address(s), 8) end
    dma_unmap_sg(dev, sg, 2, DMA_TO_DEVICE)
  end,
  mended = function()
    local sg, first = gallery.pages(2)
    local n = dma_map_sg(dev, sg, 2, DMA_TO_DEVICE)
    for s in for_each_sg(sg, n) do dev:dma_read(sg_dma_address(s), 8) end
    if n > 0 then dma_unmap_sg(dev, sg, 2, DMA_TO_DEVICE) end
    __free_pages(first, 2)
  end }

rule { "unmap and sync a list with the number it was mapped with", "34-bcm2835" }

-- What unmap and sync are told --------------------------------------------------------------------

rule { "map in the direction the data goes", "40-igb-avb" }
rule { "unmap with the direction of the map", "06-ath10k" }
rule { "unmap with the size of the map", "04-davinci-cpdma" }

rule { "unmap with the function that belongs to the map", rule = "unmap-function",
  broken = function()
    local sg = scatterlist(1)
    sg_init_one(sg, filled(64, "a"), 64)
    dma_map_sg(dev, sg, 1, DMA_TO_DEVICE)
    dma_unmap_single(dev, sg_dma_address(sg), 64, DMA_TO_DEVICE)
  end,
  mended = function()
    local buf = filled(64, "a")
    local sg = scatterlist(1)
    sg_init_one(sg, buf, 64)
    if dma_map_sg(dev, sg, 1, DMA_TO_DEVICE) == 0 then return end
    dma_unmap_sg(dev, sg, 1, DMA_TO_DEVICE)
    kfree(buf)
  end }

rule { "unmap on the device that was mapped for", rule = "unmap-unknown",
  broken = function()
    local dma = map(filled(64, "a"), 64, DMA_TO_DEVICE)
    dma_unmap_single(devices.nic, dma, 64, DMA_TO_DEVICE)
  end,
  mended = function()
    local buf = filled(64, "a")
    local dma = dma_map_single(devices.nic, buf, 64, DMA_TO_DEVICE)
    if dma_mapping_error(devices.nic, dma) ~= 0 then return end
    dma_unmap_single(devices.nic, dma, 64, DMA_TO_DEVICE)
    kfree(buf)
  end }

rule { "unmap once", "11-nvme-pci" }

-- The life of a buffer ----------------------------------------------------------------------------

rule { "free no memory that is mapped", rule = "free-mapped",
  broken = function()
    local buf = filled(64, "a")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    kfree(buf)
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
  end,
  mended = function()
    local buf = filled(64, "a")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
    kfree(buf)
  end }

rule { "unmap when the device is done, or was stopped", "59-ath12k" }

rule { "store nothing while the device owns the buffer", rule = "cpu-write-device-owned",
  broken = function()
    local buf = filled(64, "a")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    store(buf, 1)
    dev:dma_read(dma, 64)
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
  end,
  mended = function()
    local buf = filled(64, "a")
    store(buf, 1)
    local dma = map(buf, 64, DMA_TO_DEVICE)
    check(dev:dma_read(dma, 8), string.pack("<I8", 1), "the word")
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
    kfree(buf)
  end }

rule { "read nothing before it is unmapped or synced for the CPU", "28-rockchip-canfd" }

rule { "sync for the device what the CPU has changed", rule = "device-read-stale",
  broken = function()
    local buf = filled(64, "a")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    dev:dma_read(dma, 64)
    dma_sync_single_for_cpu(dev, dma, 64, DMA_TO_DEVICE)
    store(buf, 1)
    dev:dma_read(dma, 64)
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
  end,
  mended = function()
    local buf = filled(64, "a")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    dev:dma_read(dma, 64)
    dma_sync_single_for_cpu(dev, dma, 64, DMA_TO_DEVICE)
    store(buf, 1)
    dma_sync_single_for_device(dev, dma, 64, DMA_TO_DEVICE)
    check(dev:dma_read(dma, 8), string.pack("<I8", 1), "the word")
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
    kfree(buf)
  end }

rule { "sync for the CPU, not for the device, before the CPU reads", "57-arm64-sync" }

-- What the CPU finds in the frame where so many bytes of it were synced.
local function receive(synced)
  local buf = filled(256, "o")
  local dma = map(buf, 256, DMA_FROM_DEVICE)
  dev:dma_write(dma, ("n"):rep(256))
  dma_sync_single_for_cpu(dev, dma, synced, DMA_FROM_DEVICE)
  local frame = read(buf, 256)
  dma_unmap_single(dev, dma, 256, DMA_FROM_DEVICE)
  kfree(buf)
  return frame
end

rule { "sync all the bytes that are used", rule = "stale-read",
  broken = function() receive(64) end,
  mended = function() check(receive(256), ("n"):rep(256), "the frame") end }

-- The stack above the driver copies the frame away.
local function pass_up(buf, n)
  local skb = kmalloc(n)
  memcpy(skb, buf, n)
  local got = read(skb, n)
  kfree(skb)
  return got
end

rule { "unmap or sync before the buffer is handed on", rule = "cpu-read-device-owned",
  broken = function()
    local buf = kmalloc(64)
    local dma = map(buf, 64, DMA_FROM_DEVICE)
    dev:dma_write(dma, ("f"):rep(64))
    pass_up(buf, 64)
    dma_unmap_single(dev, dma, 64, DMA_FROM_DEVICE)
  end,
  mended = function()
    local buf = kmalloc(64)
    local dma = map(buf, 64, DMA_FROM_DEVICE)
    dev:dma_write(dma, ("f"):rep(64))
    dma_unmap_single(dev, dma, 64, DMA_FROM_DEVICE)
    check(pass_up(buf, 64), ("f"):rep(64), "the frame")
    kfree(buf)
  end }

rule { "map no coherent memory, and use one address of it", rule = "coherent-alias",
  machine = { board = "x86" },
  broken = function()
    local va, dma = dma_alloc_coherent(dev, 4096)
    local again = map(va, 4096, DMA_TO_DEVICE)
    dma_unmap_single(dev, again, 4096, DMA_TO_DEVICE)
    dma_free_coherent(dev, 4096, va, dma)
  end,
  mended = function()
    local va, dma = dma_alloc_coherent(dev, 4096)
    store(va, 1)
    wmb()
    check(dev:dma_read(dma, 8), string.pack("<I8", 1), "the word")
    dma_free_coherent(dev, 4096, va, dma)
  end }

-- Lines -------------------------------------------------------------------------------------------

rule { "give a buffer the device writes whole lines", "48-iio" }
rule { "let no two mappings share a line", "52-hub-status" }
rule { "keep what the device writes apart from what the CPU writes", "50-vsock-virtio" }

-- Order -------------------------------------------------------------------------------------------

rule { "dma_wmb() before the word that hands a descriptor over", "32-arm-smmu-v3" }

-- edu's registers, as a driver writes them: source, destination, count, command.
local function ring(how, dma, n)
  how.q(dma, dev.bar + 0x80)
  how.q(0x40000, dev.bar + 0x88)
  how.l(n, dev.bar + 0x90)
  how.l(1, dev.bar + 0x98)
end

local ordered = { q = writeq, l = writel }
local relaxed = { q = writeq_relaxed, l = writel_relaxed }

local function ring_after_store(how)
  local va, dma = dma_alloc_coherent(dev, 4096)
  store(va, 0x1234)
  ring(how, dma, 8)
  dev:wait()
  check(dev:buffer():sub(1, 8), string.pack("<I8", 0x1234), "the descriptor")
  dma_free_coherent(dev, 4096, va, dma)
end

rule { "writel() for the doorbell, or wmb() before it", rule = "order-device-early",
  broken = function() ring_after_store(relaxed) end,
  mended = function() ring_after_store(ordered) end }

rule { "dma_rmb() between the word that says done and the rest", "29-bnxt-en" }

-- The length of a completion is looked at, then used; the device has changed it in between.
local function complete(fetches)
  local disk, buf = parts.disk(4), filled(512, "d")
  local dma = parts.disk_map(buf, 512, DMA_TO_DEVICE)
  local entry = disk.results.va
  disk:submit(parts.WRITE, 0, 1, { { dma, 512 } })
  while load(entry + 12, 4) & 1 == 0 do run(20) end
  dma_rmb()
  local moved = load(entry + 4, 4)
  run(2000)
  if fetches == 2 then moved = load(entry + 4, 4) end
  parts.disk_unmap(dma, 512, DMA_TO_DEVICE)
  kfree(buf)
  disk:close()
  return moved
end

rule { "read a word the device writes once", rule = "double-fetch",
  machine = { board = "arm64", device_fault = "change" },
  broken = function() complete(2) end,
  mended = function() check(complete(1), 512, "the length") end }

-- A sound card at work is stopped; does the driver wait until the word has arrived?
local function stop(read_back)
  local buf = filled(2048, "s")
  local dma = parts.map_for_audio(buf, 2048, DMA_TO_DEVICE)
  local control = devices.audio.bar + 4
  parts.audio_start(dma, 2048, 1024, 1)
  run(300)
  writel(0, control)
  if read_back then readl(control) end
  dma_unmap_single(devices.audio, dma, 2048, DMA_TO_DEVICE)
  kfree(buf)
end

rule { "read back the write that stops the device, then unmap",
  rule = "unmap-active",
  broken = function() stop(false) end, mended = function() stop(true) end }

-- The device's side -------------------------------------------------------------------------------

rule { "say truly how many address bits the device has", "42-amdgpu-gmc6" }

local function allocate(set_mask)
  if set_mask(dev, DMA_BIT_MASK(math.min(core.board().dma_mask_bits, 32))) ~= 0 then return end
  local va, dma = dma_alloc_coherent(dev, 4096)
  if not va then return end
  store(va, 7)
  wmb()
  local word = dev:dma_read(dma, 8)
  dma_free_coherent(dev, 4096, va, dma)
  return word
end

rule { "set the mask of coherent memory, too", rule = "address-truncated",
  machine = { board = "x86", dma_mask_bits = 24 },
  broken = function() allocate(dma_set_mask) end,
  mended = function()
    local word = allocate(dma_set_mask_and_coherent)
    check(word or string.pack("<I8", 7), string.pack("<I8", 7), "the word")
  end }

rule { "map no more at once than dma_max_mapping_size says", "53-virtio-ring" }

-- Two pages of vmalloc lie apart; their neighbours belong to somebody else.
local function send_pages(one_by_one)
  local va = vmalloc(8192)
  write(va, ("v"):rep(8192))
  local handles = {}
  for i = 0, 1 do
    handles[i] = dma_map_page(dev, vmalloc_to_page(va + 4096 * i), 0, 4096, DMA_TO_DEVICE)
    if dma_mapping_error(dev, handles[i]) ~= 0 then return end
  end
  if one_by_one then
    for i = 0, 1 do check(dev:dma_read(handles[i], 4096), ("v"):rep(4096), "a page") end
  else
    dev:dma_read(handles[0], 4096)
    dev:dma_read(handles[0] + 4096, 4096)
  end
  for i = 0, 1 do dma_unmap_page(dev, handles[i], 4096, DMA_TO_DEVICE) end
  vfree(va)
end

rule { "take nothing for contiguous beyond one mapping", rule = "device-outside",
  broken = function() send_pages(false) end, mended = function() send_pages(true) end }

-- Coherent memory, pools, the driver's end --------------------------------------------------------

rule { "free coherent memory as it was got, with interrupts on", rule = "unmap-size",
  broken = function()
    local va, dma = dma_alloc_coherent(dev, 8192)
    dma_free_coherent(dev, 4096, va, dma)
  end,
  mended = function()
    local va, dma = dma_alloc_coherent(dev, 8192)
    dma_free_coherent(dev, 8192, va, dma)
  end }

rule { "give each block of a pool back once, and leave it alone then",
  rule = "pool-double-free",
  broken = function()
    local pool = dma_pool_create("commands", dev, 64, 64, 0)
    local va, dma = dma_pool_alloc(pool)
    dma_pool_free(pool, va, dma)
    dma_pool_free(pool, va, dma)
    dma_pool_destroy(pool)
  end,
  mended = function()
    local pool = dma_pool_create("commands", dev, 64, 64, 0)
    local va, dma = dma_pool_alloc(pool)
    store(va, 1)
    dma_pool_free(pool, va, dma)
    dma_pool_destroy(pool)
  end }

rule { "leave nothing mapped or allocated when the driver lets go", "13-mpi3mr" }

rule { "in a handler make no call that may sleep", rule = "sleep-in-atomic",
  broken = function()
    spin_lock()
    local buf = kmalloc(64, GFP_KERNEL)
    spin_unlock()
    kfree(buf)
  end,
  mended = function()
    spin_lock()
    local buf = kmalloc(64, GFP_ATOMIC)
    spin_unlock()
    kfree(buf)
  end }

-- The lines hold what was there before; only the first of the two is read again.
local function skip_and_read(synced)
  local buf = filled(128, "o")
  local dma = map(buf, 128, DMA_FROM_DEVICE)
  dev:dma_write(dma, ("n"):rep(128))
  dma_sync_single_for_cpu(dev, dma, synced, DMA_FROM_DEVICE)
  dma_unmap_single_attrs(dev, dma, 128, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC)
  check(read(buf, synced), ("n"):rep(synced), "the header")
  return buf
end

rule { "with DMA_ATTR_SKIP_CPU_SYNC sync all that is used", rule = "stale-read",
  broken = function() read(skip_and_read(64) + 64, 64) end,
  mended = function() kfree(skip_and_read(128)) end }

rule { "map or sync for the device before the device is started", rule = "device-read-stale",
  broken = function()
    local buf = filled(64, "a")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    dma_sync_single_for_cpu(dev, dma, 64, DMA_TO_DEVICE)
    store(buf, 1)
    dev:start_read(dma, 64)
    dev:wait()
    dma_sync_single_for_device(dev, dma, 64, DMA_TO_DEVICE)
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
  end,
  mended = function()
    local buf = filled(64, "a")
    local dma = map(buf, 64, DMA_TO_DEVICE)
    dma_sync_single_for_cpu(dev, dma, 64, DMA_TO_DEVICE)
    store(buf, 1)
    dma_sync_single_for_device(dev, dma, 64, DMA_TO_DEVICE)
    dev:start_read(dma, 64)
    dev:wait()
    dma_unmap_single(dev, dma, 64, DMA_TO_DEVICE)
    kfree(buf)
  end }

-- The card says how long the packet is, and says something else a little later.
local function copy_out(fetches)
  local ring, copy = parts.receive_ring(1, 256), kmalloc(256)
  parts.arrives(("p"):rep(100))
  local length = ring:take()
  if length > 256 then error("more than was mapped", 0) end
  run(2000)
  if fetches == 2 then length = load(ring:at(0) + 8, 4) end
  dma_sync_single_for_cpu(devices.nic, ring.slots[0].h, 256, DMA_FROM_DEVICE)
  memcpy(copy, ring.slots[0].va, length)
  check(read(copy, 100), ("p"):rep(100), "the packet")
  dma_sync_single_for_device(devices.nic, ring.slots[0].h, 256, DMA_FROM_DEVICE)
  parts.end_receive_ring(ring, 256)
  kfree(copy)
end

rule { "check a length the device wrote, and use what was checked",
  rule = "double-fetch", machine = { board = "arm64", device_fault = "change" },
  broken = function() copy_out(2) end, mended = function() copy_out(1) end }

return rules
