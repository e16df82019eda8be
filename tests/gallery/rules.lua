-- The forty rules for whoever writes a driver, each with a driver that breaks it and one that keeps
-- it. A row: { "the rule", name of a scenario of the gallery } or { "the rule", rule = what dmalab
-- calls it, machine = { }, broken = function, mended = function }, as gallery.lua says.

local gallery = require "gallery"
local map, filled, check = gallery.map, gallery.filled, gallery.check

local rules = {}
local function rule(row) rules[#rules + 1] = row end

rule { "give a device only the dma_addr_t of the DMA API", "01-rockchip-sfc" }
rule { "map no memory of the stack", "18-i2c-at91" }
rule { "map no memory of vmalloc", "23-mt6625l" }
rule { "ask dma_mapping_error after every map", "03-mxs-dcp" }

-- Segments of a list ------------------------------------------------------------------------------

-- Two pages that follow each other: one segment behind an IOMMU.
local function two_pages()
  local first = alloc_pages(GFP_KERNEL, 1) or error("no memory", 0)
  local sg = scatterlist(2)
  sg_init_table(sg, 2)
  sg_set_page(sg[0], first, 4096, 0)
  sg_set_page(sg[1], first + 64, 4096, 0)
  return sg, first
end

rule { "tell the device as many segments as dma_map_sg answered", rule = "use-before-check",
  machine = { board = "arm64-smmu" },
  broken = function()
    local sg = two_pages()
    dma_map_sg(dev, sg, 2, DMA_TO_DEVICE)
    for s in for_each_sg(sg, 2) do dev:dma_read(sg_dma_address(s), 8) end
    dma_unmap_sg(dev, sg, 2, DMA_TO_DEVICE)
  end,
  mended = function()
    local sg, first = two_pages()
    local n = dma_map_sg(dev, sg, 2, DMA_TO_DEVICE)
    for s in for_each_sg(sg, n) do dev:dma_read(sg_dma_address(s), 8) end
    if n > 0 then dma_unmap_sg(dev, sg, 2, DMA_TO_DEVICE) end
    __free_pages(first, 1)
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

local function receive(synced)
  local buf = filled(256, "o")
  local dma = map(buf, 256, DMA_FROM_DEVICE)
  read(buf, 0)
  dev:dma_write(dma, ("n"):rep(256))
  dma_sync_single_for_cpu(dev, dma, synced, DMA_FROM_DEVICE)
  check(read(buf, 256), ("n"):rep(256), "the frame")
  dma_unmap_single(dev, dma, 256, DMA_FROM_DEVICE)
  kfree(buf)
end

rule { "sync all the bytes that are used", rule = "cpu-read-device-owned",
  broken = function() receive(64) end, mended = function() receive(256) end }

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

rule { "neither map nor sync coherent memory, and use one address of it", rule = "coherent-alias",
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
rule { "keep members the device writes apart from those the CPU writes", "50-vsock-virtio" }

-- Order -------------------------------------------------------------------------------------------

rule { "dma_wmb() between the fields of a descriptor and the word that hands it over", "32-arm-smmu-v3" }

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

rule { "writel(), or wmb() before writel_relaxed(), for the doorbell", rule = "order-device-early",
  broken = function() ring_after_store(relaxed) end,
  mended = function() ring_after_store(ordered) end }

rule { "dma_rmb() between the word that says done and the rest", "29-bnxt-en" }
rule { "read a word the device writes once", "30-ionic" }

-- The device's side -------------------------------------------------------------------------------

rule { "say truly how many address bits the device has", "42-amdgpu-gmc6" }

local function allocate(set_mask)
  if set_mask(dev, DMA_BIT_MASK(math.min(core.board().dma_mask_bits, 32))) ~= 0 then return end
  local va, dma = dma_alloc_coherent(dev, 4096)
  if not va then return end
  store(va, 7)
  wmb()
  check(dev:dma_read(dma, 8), string.pack("<I8", 7), "the word")
  dma_free_coherent(dev, 4096, va, dma)
end

rule { "set the mask of coherent memory, too", rule = "address-truncated",
  machine = { board = "x86", dma_mask_bits = 24 },
  broken = function() allocate(dma_set_mask) end,
  mended = function() allocate(dma_set_mask_and_coherent) end }

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

rule { "free coherent memory as it was allocated, with interrupts on", rule = "unmap-size",
  broken = function()
    local va, dma = dma_alloc_coherent(dev, 8192)
    dma_free_coherent(dev, 4096, va, dma)
  end,
  mended = function()
    local va, dma = dma_alloc_coherent(dev, 8192)
    dma_free_coherent(dev, 8192, va, dma)
  end }

rule { "give every block of a pool back, once, and leave it alone after that",
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

rule { "unmap and free everything before the driver lets go of its device", "13-mpi3mr" }

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

rule { "with DMA_ATTR_SKIP_CPU_SYNC sync by hand all that is used", rule = "stale-read",
  broken = function() read(skip_and_read(64) + 64, 64) end,
  mended = function() kfree(skip_and_read(128)) end }

rule { "map, or sync for the device, before the device is told to start", rule = "device-read-stale",
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

return rules
