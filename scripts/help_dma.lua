-- What `help` adds to the calls of the DMA API: errors, who owns the buffer, what happens to the
-- caches. The rows themselves are in repl/api_dma*.c and repl/api_sg.c.

local help_dma = {}

local groups = { dma = true, scatterlist = true, ["dma memory"] = true, ["dma limits"] = true,
    ["dma pools"] = true }

local silent = "none are reported, as in Linux: what is given must be what was mapped, and the " ..
    "device must be done."
local to_device = "from here on the device owns the buffer: no load, no store until it is " ..
    "unmapped or synced for the CPU."
local to_cpu = "the CPU owns the buffer again; the handle is dead."
local refused = "DMA_MAPPING_ERROR: no RAM, size 0, or beyond the device's mask. Ask " ..
    "dma_mapping_error(dev, dma) each time; 0 is a legal address."
local attrs = "DMA_ATTR_SKIP_CPU_SYNC: nothing is done to the caches, the driver syncs the part " ..
    "it uses. DMA_ATTR_REQUIRE_COHERENT: an error where the caches or a bounce buffer would be " ..
    "needed. DMA_ATTR_NO_WARN: no line in dmesg. DMA_ATTR_MMIO: registers, not RAM. Unmap with " ..
    "the same, SKIP_CPU_SYNC and NO_WARN apart."
local no_memory = "nil when there is no memory the device can reach (dma_set_coherent_mask), or " ..
    "with __GFP_COMP."
local gfp = "GFP_KERNEL may sleep; in a handler or under a spinlock GFP_ATOMIC, which takes it " ..
    "from a small pool where coherent memory is remapped (the setting coherent_pool)."
local not_irqs_off = "not with interrupts off: in no handler, nor under spin_lock_irqsave. Where " ..
    "coherent memory is remapped, not under a spinlock either."
local both = "both sides may touch it at any time; what has to be seen in order needs " ..
    "dma_wmb() or dma_rmb()."
local cpu_first = "the CPU's at first; dma_sync_single_for_device gives it to the device, " ..
    "dma_sync_single_for_cpu takes it back."
local all_as_they_were = "all as they were when allocated; else nothing is freed and the mistake " ..
    "is named."
local no_zone = "nil when there is no memory the device can reach, or when gfp names a zone or " ..
    "__GFP_COMP."
local too_few_bits = "-5 (-EIO) when no memory is that low: then the device must not do DMA. 32 " ..
    "bits or more never fail, so there is no need to try 64 first."
local no_pool = "nil: no device, size 0 or above 2 GiB - 1, align or boundary no power of two, " ..
    "boundary below the size, or 64 pools already."
local pool_sizes = "a block is 16 bytes at least, and rounded up to align. The memory comes in " ..
    "chunks of a page, or of one block where it is larger. The first 16 letters of the name are " ..
    "kept."
local no_block = "nil when there is no memory the device can reach (dma_set_coherent_mask). An " ..
    "oops when the pool's list was spoilt and leads nowhere."
local entries = "none are reported; nents and direction are those of dma_map_sg, and nents is " ..
    "not what it answered."

help_dma.gfp, help_dma.not_irqs_off = gfp, not_irqs_off

help_dma.notes = {
  dma_map_single_attrs = { "errors", refused, "owner", to_device, "attrs", attrs },
  dma_map_page = { "errors", refused, "owner", to_device },
  dma_map_page_attrs = { "errors", refused, "owner", to_device, "attrs", attrs },
  dma_map_phys = { "errors", refused, "owner", to_device, "attrs", attrs },
  dma_map_resource = { "errors", "DMA_MAPPING_ERROR: size 0, or beyond the device's mask. RAM is " ..
      "mapped too, as in Linux since 6.18, which is a mistake of the driver's.",
                       "address", "the physical address as it is, without the bus offset." },
  dma_unmap_single_attrs = { "errors", silent, "owner", to_cpu, "attrs", attrs },
  dma_unmap_page = { "errors", silent, "owner", to_cpu },
  dma_unmap_page_attrs = { "errors", silent, "owner", to_cpu, "attrs", attrs },
  dma_unmap_phys = { "errors", silent, "owner", to_cpu, "attrs", attrs },
  dma_unmap_resource = { "errors", silent },
  dma_sync_single_range_for_cpu = { "errors", "none are reported; the direction is that of the map.",
                                    "owner", "the CPU may touch this part; the mapping stays." },
  dma_sync_single_range_for_device = { "errors", "none are reported; the direction is that of " ..
      "the map.",
                                       "owner", "the device owns this part again." },
  dma_map_sg = { "errors", "0 when an entry cannot be mapped: then none is. Never below 0; " ..
      "dma_mapping_error is not asked.",
                 "owner", to_device },
  dma_map_sg_attrs = { "errors", "0 when an entry cannot be mapped: then none is. Never below 0; " ..
      "dma_mapping_error is not asked.",
                       "owner", to_device, "attrs", attrs },
  dma_unmap_sg = { "errors", entries, "owner", to_cpu },
  dma_unmap_sg_attrs = { "errors", entries, "owner", to_cpu, "attrs", attrs },
  dma_sync_sg_for_cpu = { "errors", entries, "owner", "the CPU may touch the buffers, the mapping " ..
      "stays." },
  dma_sync_sg_for_device = { "errors", entries, "owner", "the device owns the buffers again." },
  dma_map_sgtable = { "errors", "-22 (-EINVAL): bad arguments, do not try again. -12 (-ENOMEM): " ..
      "later may do. -5 (-EIO): an entry cannot be mapped; the only one of the direct back end.",
                      "owner", to_device, "attrs", attrs },
  dma_unmap_sgtable = { "errors", silent, "owner", to_cpu, "attrs", attrs },
  dma_sync_sgtable_for_cpu = { "errors", silent, "owner", "the CPU may touch the buffers, the " ..
      "mapping stays." },
  dma_sync_sgtable_for_device = { "errors", silent, "owner", "the device owns the buffers again." },
  scatterlist = { "errors", "an error for 0 entries and for more than 4096.",
                  "fields", "sg[i] is entry i, counted from 0; page, offset, length, and after " ..
                      "mapping dma_address, dma_length. All but page may be set. undo does " ..
                      "not take back what was set in a list." },
  sg_alloc_table = { "errors", "nil, -22 (-EINVAL) for 0 entries; nil, -12 (-ENOMEM) for more " ..
      "than 4096." },
  sg_set_buf = { "errors", "none: another address than one of the linear map (vmalloc, " ..
      "ioremap) makes nonsense of the entry, and mapping it fails." },
  for_each_sg = { "errors", "more entries than the list has.",
                  "which n", "what the CPU filled in: the number of entries. What the device is " ..
                      "told: what dma_map_sg answered." },
  dma_alloc_attrs = { "errors", no_memory, "owner", both, "attrs", "DMA_ATTR_WRITE_COMBINE, " ..
      "DMA_ATTR_NO_WARN, DMA_ATTR_NO_KERNEL_MAPPING (the answer is a cookie for dma_free_attrs, " ..
      "and the memory is not zeroed). dma_free_attrs wants the same." },
  dma_alloc_wc = { "errors", no_memory, "owner", both, "context", gfp },
  dmam_alloc_coherent = { "errors", no_memory, "owner", both, "context", gfp },
  dma_free_attrs = { "errors", all_as_they_were, "context", not_irqs_off },
  dma_free_wc = { "errors", all_as_they_were, "context", not_irqs_off },
  dmam_free_coherent = { "errors", all_as_they_were .. " dmesg warns.", "context", not_irqs_off },
  dma_alloc_noncoherent = { "errors", no_zone, "owner", cpu_first },
  dma_alloc_pages = { "errors", no_zone, "owner", cpu_first },
  dma_alloc_noncontiguous = { "errors", no_zone .. " The only attr is DMA_ATTR_ALLOC_SINGLE_PAGES.",
                              "owner", cpu_first .. " dma_sync_sgtable_* do it as well." },
  dma_free_noncoherent = { "errors", all_as_they_were },
  dma_free_pages = { "errors", all_as_they_were },
  dma_free_noncontiguous = { "errors", all_as_they_were },
  dma_declare_coherent_memory = { "errors", "-22 (-EINVAL): not one whole page. -16 (-EBUSY): " ..
      "the device has some already. -12 (-ENOMEM): RAM the kernel manages (hide it with mem=), " ..
      "or more than 4 MiB." },
  dma_pool_create = { "errors", no_pool, "sizes", pool_sizes },
  dmam_pool_create = { "errors", no_pool, "sizes", pool_sizes },
  dma_pool_alloc = { "errors", no_block, "owner", both, "bytes", "what was in the block, and in " ..
      "its first 16 bytes the pool's own links; dma_pool_zalloc clears them." },
  dma_pool_zalloc = { "errors", no_block, "owner", both },
  dma_pool_free = { "errors", "none are reported, and nothing is checked: a block given back " ..
      "twice is handed out twice. The mistake is named.",
                    "owner", "the pool: it writes its links into the block, so neither the CPU " ..
                        "nor the device may touch it." },
  dma_pool_destroy = { "errors", "with blocks out dmesg says busy, and the memory is never " ..
      "given back. nil is fine." },
  dmam_pool_destroy = { "errors", "a pool of dma_pool_create stays, and dmesg warns. nil is " ..
      "fine." },
  dma_set_mask = { "errors", too_few_bits },
  dma_set_coherent_mask = { "errors", too_few_bits },
  dma_set_mask_and_coherent = { "errors", too_few_bits },
  dma_coerce_mask_and_coherent = { "errors", too_few_bits },
}

-- Calls that make coherent memory.
local like_alloc = { dma_alloc_coherent = true, dma_alloc_attrs = true, dma_alloc_wc = true,
    dmam_alloc_coherent = true }

local cached = "nothing: the memory is cached, and its zeros may be in the cache alone. " ..
    "dma_sync_single_for_device before the device looks"

local as_chunk = "as dma_alloc_coherent does, for each new chunk of the pool"
local links = "nothing; the links are stores through the CPU's address of the block"

local other_caches = {
  dma_pool_alloc = as_chunk, dma_pool_zalloc = as_chunk, dma_pool_free = links,
  dma_pool_destroy = "as dma_free_coherent does, for each chunk",
  dma_map_resource = "nothing: registers are not cached",
  dma_unmap_resource = "nothing: registers are not cached",
  dma_alloc_noncoherent = cached, dma_alloc_pages = cached, dma_alloc_noncontiguous = cached,
  dma_free_coherent = "the lines of the linear address are dropped before the pages are used again",
}
other_caches.dma_free_attrs = other_caches.dma_free_coherent
other_caches.dma_free_wc = other_caches.dma_free_coherent
other_caches.dmam_free_coherent = other_caches.dma_free_coherent

-- What a row's notes are; nil for rows that are not of the DMA API.
function help_dma.notes_of(row)
  return help_dma.notes[row.name] or groups[row.group] and { "errors", "none" } or nil
end

-- Which call's effect on the caches this one has: a column of the architecture's table, "alloc", or a
-- sentence; nil for rows that are not of the DMA API.
function help_dma.caches_of(row)
  local name = row.name
  if not groups[row.group] then return nil end
  if like_alloc[name] then return "alloc" end
  if other_caches[name] then return other_caches[name] end
  if name:find("^dma_map_") or name:find("^dma_sync_.*for_device$") then return "for_device" end
  if name:find("^dma_unmap_") or name:find("^dma_sync_.*for_cpu$") then return "for_cpu" end
  return "nothing"
end

return help_dma
