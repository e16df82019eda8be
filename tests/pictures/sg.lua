-- Pages that vmalloc found here and there, handed to the device as a scatterlist, and what a device
-- that runs past the first page would hit.
machine "arm64"
a = kmalloc(16384)
holes = {}
for i = 1, 12 do holes[i] = __get_free_pages(GFP_KERNEL, 0) end
for i = 1, 12, 2 do free_pages(holes[i], 0) end
v = vmalloc(6 * 4096)
memset(v, 0x56, 6 * 4096)
sgt = sg_alloc_table(6)
local page = 0
for s in for_each_sgtable_sg(sgt) do
  sg_set_page(s, vmalloc_to_page(v + page * 4096), 4096, 0)
  page = page + 1
end
assert(dma_map_sgtable(dev, sgt, "to_device") == 0)
dev:dma_read(sg_dma_address(sgt.sgl), 64)
