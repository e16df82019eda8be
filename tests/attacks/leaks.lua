-- Right, but it leaves what no byte is missing for: a window, a claim, a pool and a handler.
-- comes to: done 8, left behind: 1 ioremap window, 1 claimed region, 1 DMA pool, 1 interrupt handler
function send(dev, size, message)
  ioremap(0x20000000, 64)
  request_mem_region(0x30000000, 64, "mine")
  dma_pool_create("mine", dev, 64, 64, 0)
  request_irq(dev, function() end, "mine")
  local buf = kmalloc(size)
  write(buf, message .. ("."):rep(size - #message))
  local h = dma_map_single(dev, buf, size, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then kfree(buf) return nil end
  local got = device_reads(h, size)
  dma_unmap_single(dev, h, size, DMA_TO_DEVICE)
  kfree(buf)
  return got
end
