-- Numbers that are none, or too large, wherever a number is wanted.
-- comes to: done 0
local numbers = { math.huge, -math.huge, 0 / 0, math.maxinteger, math.mininteger, -1, 1e308, 0.5, "1e9",
    1 << 32, 1 << 48 }
function send(dev)
  for _, call in ipairs { kmalloc, vmalloc, kfree, vfree, read, write, dma_map_single, memset, memcpy,
      dma_unmap_single, dma_alloc_coherent, scatterlist, sg_alloc_table, alloc_skb, udelay,
      dma_set_mask, ioremap, phys_to_virt, virt_to_phys, cache.clean, cache.invalidate,
      dev.dma_read, dev.dma_write, dev.start_read, bio_alloc } do
    for _, n in ipairs(numbers) do
      pcall(call, n)
      pcall(call, n, n)
      pcall(call, dev, n, n)
      pcall(call, dev, n, n, n)
    end
  end
end
