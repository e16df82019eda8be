-- A buffer out of the device's reach: a bounce buffer stands in for it.
machine { board = "arm64", swiotlb = "1M", swiotlb_force = true }
buf = kmalloc(3000)
memset(buf, 0x41, 3000)
h = dma_map_single(dev, buf, 3000, "bidirectional")
assert(dma_mapping_error(dev, h) == 0)
dev:dma_read(h, 256)
dev:dma_write(h, ("\x42"):rep(256))
dma_sync_single_for_cpu(dev, h, 256, "bidirectional")
load(buf)
