-- A driver for the disk. The pages are three pieces, so the list has three entries, and the disk
-- gets three segments. That is what a driver does on every board. Or is it?

local blk = devices.blk

-- foresee(iommu, pieces): called before anything happens. predict() says how many segments
-- dma_map_sg will answer for these pieces; iommu: is there an IOMMU in front of the disk?
function foresee(iommu, pieces)
  predict("how many segments does the disk get?", 3)
end

-- The request of a file system, that wants these pieces of its pages written or read.
local function request(opf, pieces)
  local bio = bio_alloc(blk, #pieces, opf)
  for _, piece in ipairs(pieces) do bio_add_page(bio, piece.page, piece.bytes, piece.offset) end
  local rq = blk_mq_alloc_request(blk_alloc_queue(blk), opf)
  blk_rq_append_bio(rq, bio)
  return rq
end

-- transfer(opf, sector, pieces): opf is REQ_OP_WRITE (the pieces go to the disk, from that sector
-- on) or REQ_OP_READ (they come from there). Each piece is { page =, offset =, bytes = }.
function transfer(opf, sector, pieces)
  local rq = request(opf, pieces)
  local sgl = scatterlist(#pieces)
  local nents = blk_rq_map_sg(rq.q, rq, sgl)
  local dir = opf == REQ_OP_READ and DMA_TO_DEVICE or DMA_FROM_DEVICE   -- we read, we write
  if dma_map_sg(blk, sgl, nents, dir) == 0 then return blk_mq_end_request(rq, BLK_STS_IOERR) end
  local segments = {}
  for s in for_each_sg(sgl, nents) do
    segments[#segments + 1] = { address = sg_dma_address(s), bytes = sg_dma_len(s) }
  end
  disk(opf, sector, segments)
  dma_unmap_sg(blk, sgl, nents, dir)
  blk_mq_end_request(rq, BLK_STS_OK)
end
