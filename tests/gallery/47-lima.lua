local gallery = require "gallery"

local function send(n)
  local buf = kmalloc(n)
  if not buf then return end
  local sg = scatterlist(1)
  sg_init_one(sg, buf, n)
  if dma_map_sg(dev, sg, 1, DMA_TO_DEVICE) == 0 then return end
  dev:dma_read(sg_dma_address(sg), 64)
  dma_unmap_sg(dev, sg, 1, DMA_TO_DEVICE)
  kfree(buf)
end

return gallery {
  row = 47,
  driver = "drm lima",
  commit = "89636a06fa2ee7826a19c39c19a9bc99ab9340a9",
  wrong = "a segment of megabytes (here 128 KiB) was mapped without a word about its largest size",
  rule = "sg-segment",

  broken = function()
    send(131072)
  end,

  mended = function()
    dma_set_max_seg_size(dev, 0xffffffff)
    send(131072)
  end,
}
