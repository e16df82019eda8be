-- All the memory of the machine, and more than it has.
-- comes to: done 0, what the device read is nil
function send(dev)
  for _ = 1, 100 do
    pcall(vmalloc, 1 << 40)
    pcall(vmalloc, math.maxinteger)
    pcall(kmalloc, -1)
    pcall(kmalloc, math.huge)
    pcall(dma_alloc_coherent, dev, 1 << 50)
    pcall(read, 0, 1 << 40)
    pcall(scatterlist, 1 << 40)
  end
  for _ = 1, 3000 do
    if not (kmalloc(1 << 20) or vmalloc(1 << 20) or kmalloc(4096)) then break end
  end
end
