-- The picture of the README: `make picture` plays this on the board tiny and draws its last moment.
buf = kmalloc(32)
store(buf, 0x11)
h = dma_map_single(dev, buf, 32, DMA_FROM_DEVICE)
assert(dma_mapping_error(dev, h) == 0)
dev:dma_write(h, "fresh bytes from a device")
load(buf)
