-- fails 4: unmap-nents
-- What dma_map_sg answered is for the disk; unmap wants the number that was mapped.
local blk = devices.blk

local function phys(piece) return page_to_phys(piece.page) + piece.offset end

function foresee(iommu, pieces)
  local n = 1
  for i = 2, #pieces do
    local ends, begins = phys(pieces[i - 1]) + pieces[i - 1].bytes, phys(pieces[i])
    local whole_pages = ends % PAGE_SIZE == 0 and begins % PAGE_SIZE == 0
    if ends ~= begins and not (iommu and whole_pages) then n = n + 1 end
  end
  predict("how many segments does the disk get?", n)
end

local function request(opf, pieces)
  local bio = bio_alloc(blk, #pieces, opf)
  for _, piece in ipairs(pieces) do bio_add_page(bio, piece.page, piece.bytes, piece.offset) end
  local rq = blk_mq_alloc_request(blk_alloc_queue(blk), opf)
  blk_rq_append_bio(rq, bio)
  return rq
end

function transfer(opf, sector, pieces)
  local rq = request(opf, pieces)
  local sgl = scatterlist(#pieces)
  local nents = blk_rq_map_sg(rq.q, rq, sgl)
  local n = dma_map_sg(blk, sgl, nents, rq_dma_dir(rq))
  if n == 0 then return blk_mq_end_request(rq, BLK_STS_IOERR) end
  local segments = {}
  for s in for_each_sg(sgl, n) do
    segments[#segments + 1] = { address = sg_dma_address(s), bytes = sg_dma_len(s) }
  end
  disk(opf, sector, segments)
  dma_unmap_sg(blk, sgl, n, rq_dma_dir(rq))
  blk_mq_end_request(rq, BLK_STS_OK)
end
