-- Block I/O: a bio names pieces of pages, a request is made of bios, and blk_rq_map_sg makes of a
-- request the scatterlist that dma_map_sg wants (block/bio.c, block/blk-merge.c).

local api = require "api"
local text = require "text"

local READ, WRITE = 0, 1
local BIO_MAX_VECS = 256

local EIO_STATUS = 10      -- BLK_STS_IOERR

local new_bvec = api.object("bio_vec", "bv_page bv_offset bv_len", function(v)
  return string.format("bio_vec, %d bytes at %d of page %s", v.bv_len, v.bv_offset,
      text.hex(page_to_phys(v.bv_page) >> 12))
end, "bio_for_each_segment(bio)")
local new_bio = api.object("bio", "bi_bdev bi_opf bi_vcnt bi_max_vecs bi_io_vec bi_size " ..
    "bi_status bi_end_io bi_private", function(bio)
  return string.format("bio, %s, %d bytes in %s", bio.bi_opf == WRITE and "write" or "read",
      bio.bi_size, text.count(bio.bi_vcnt, "piece"))
end, "bio_alloc(dev, n, REQ_OP_READ)")
local new_queue = api.object("request_queue", "dev max_segments max_segment_size seg_boundary_mask",
    function(q)
  return string.format("request_queue: at most %d segments of %d bytes", q.max_segments,
      q.max_segment_size)
end, "blk_alloc_queue(dev)")
local new_request = api.object("request", "q bios cmd_flags", function(rq)
  local n = 0
  for _, bio in ipairs(rq.bios) do n = n + bio.bi_size end
  return string.format("request, %s, %d bytes in %s", rq.cmd_flags == WRITE and "write" or "read",
      n, text.count(#rq.bios, "bio"))
end, "blk_mq_alloc_request(q, REQ_OP_READ)")
api.argument("rq", "request")
api.argument("q", "request_queue")

-- bio --------------------------------------------------------------------------------------------

local function bio_alloc(bdev, nr_vecs, opf)
  if nr_vecs > BIO_MAX_VECS then
    api.fail("a bio has at most " .. BIO_MAX_VECS .. " pieces (BIO_MAX_VECS), not " .. nr_vecs)
  end
  if opf ~= READ and opf ~= WRITE then api.fail("opf is REQ_OP_READ or REQ_OP_WRITE") end
  return new_bio { bi_bdev = bdev, bi_opf = opf, bi_vcnt = 0, bi_max_vecs = nr_vecs,
      bi_io_vec = api.kept {}, bi_size = 0, bi_status = 0 }
end

local function phys(v) return page_to_phys(v.bv_page) + v.bv_offset end

-- What follows the last piece in memory makes it longer; else it is a piece of its own.
local function add_page(bio, page, len, offset)
  local last = bio.bi_io_vec[bio.bi_vcnt - 1]
  if last and phys(last) + last.bv_len == page_to_phys(page) + offset then
    last.bv_len = last.bv_len + len
  elseif bio.bi_vcnt == bio.bi_max_vecs then
    return 0
  else
    bio.bi_io_vec[bio.bi_vcnt] = new_bvec { bv_page = page, bv_offset = offset, bv_len = len }
    bio.bi_vcnt = bio.bi_vcnt + 1
  end
  bio.bi_size = bio.bi_size + len
  return len
end

-- The part of a piece that lies in one page, from byte `at` of it on.
local function in_one_page(v, at)
  local pa = phys(v) + at
  local offset = pa & PAGE_SIZE - 1
  return new_bvec { bv_page = virt_to_page(phys_to_virt(pa - offset)), bv_offset = offset,
      bv_len = math.min(PAGE_SIZE - offset, v.bv_len - at) }
end

-- An iterator over the pieces of bios, page by page.
local function segments(bios)
  local list = {}
  for _, bio in ipairs(bios) do
    for i = 0, bio.bi_vcnt - 1 do
      local v, at = bio.bi_io_vec[i], 0
      while at < v.bv_len do
        list[#list + 1] = in_one_page(v, at)
        at = at + list[#list].bv_len
      end
    end
  end
  local i = 0
  return function()
    i = i + 1
    return list[i], list[i] and i - 1
  end
end

-- Queue and request ------------------------------------------------------------------------------

local function alloc_queue(dev)
  return new_queue { dev = dev, max_segments = 128, max_segment_size = 65536,
      seg_boundary_mask = 0xffffffff }
end

local function limit(field, least)
  return function(q, n)
    if n < least then api.fail("at least " .. least .. " expected, got " .. n) end
    q[field] = n
  end
end

local function alloc_request(q, opf)
  if opf ~= READ and opf ~= WRITE then api.fail("opf is REQ_OP_READ or REQ_OP_WRITE") end
  return new_request { q = q, bios = api.kept {}, cmd_flags = opf }
end

-- The segments of the device: pieces that meet in memory are one, as long as the queue's limits
-- allow it. Each is { pa, bytes }.
local function merged(q, rq)
  local list = {}
  local function add(pa, n)
    local last = list[#list]
    local room = last and q.max_segment_size - last[2] or 0
    local meets = last and last[1] + last[2] == pa and room > 0
        and (last[1] | q.seg_boundary_mask) == (pa | q.seg_boundary_mask)
    local here = math.min(n, meets and room or q.max_segment_size,
        (pa | q.seg_boundary_mask) + 1 - pa)
    if meets then last[2] = last[2] + here else list[#list + 1] = { pa, here } end
    if here < n then return add(pa + here, n - here) end
  end
  for v in segments(rq.bios) do add(phys(v), v.bv_len) end
  return list
end

local EINVAL = 22

local function append_bio(rq, bio)
  if bio.bi_opf ~= rq.cmd_flags then return -EINVAL end
  rq.bios[#rq.bios + 1] = bio
  if #merged(rq.q, rq) > rq.q.max_segments then
    rq.bios[#rq.bios] = nil
    return -EINVAL
  end
  return 0
end

local function map_sg(q, rq, sgl)
  local list = merged(q, rq)
  if #list > #sgl then
    api.fail("the request has " .. text.count(#list, "segment") .. ", the list room for " .. #sgl ..
        "\n  write sgl = scatterlist(" .. #list .. "), or ask blk_rq_nr_phys_segments(rq)")
  end
  if #list == 0 then return 0 end
  sg_init_table(sgl, #list)
  for i, segment in ipairs(list) do
    local offset = segment[1] & PAGE_SIZE - 1
    sg_set_page(sgl[i - 1], virt_to_page(phys_to_virt(segment[1] - offset)), segment[2], offset)
  end
  return #list
end

local function bytes_of(rq)
  local n = 0
  for _, bio in ipairs(rq.bios) do n = n + bio.bi_size end
  return n
end

local function end_request(rq, status)
  for _, bio in ipairs(rq.bios) do
    bio.bi_status = status
    if bio.bi_end_io then bio.bi_end_io(bio) end
  end
  rq.bios = api.kept {}
end

return {
  name = "block",
  rows = {
    { "bio_alloc", "bdev, nr_vecs, opf [, gfp=GFP_KERNEL]", "bio",
      "a new bio with room for nr_vecs pieces of pages; opf is REQ_OP_READ or REQ_OP_WRITE. Its " ..
      "fields: bi_opf, bi_vcnt, bi_io_vec (from 0), bi_size, bi_status, bi_end_io, bi_private",
      run = bio_alloc },
    { "bio_add_page", "bio, page, len, offset", "len, or 0 when the bio is full",
      "len bytes of a page more, from offset on; what follows the last piece in memory makes " ..
      "that one longer. Mind the order: len, then offset", run = add_page },
    { "bio_for_each_segment", "bio", "iterator",
      "for v, i in bio_for_each_segment(bio) do ... end: its pieces, page by page, each with " ..
      "bv_page, bv_offset, bv_len", run = function(bio) return segments { bio } end },
    { "bio_put", "bio", "", "give a bio back; its pages stay their owner's", run = function() end },
    { "blk_alloc_queue", "dev", "q", "the request queue of a disk: what its device can take",
      run = alloc_queue },
    { "blk_queue_max_segments", "q, n", "", "segments of one request, at most (128 if nobody says)",
      run = limit("max_segments", 1) },
    { "blk_queue_max_segment_size", "q, size", "",
      "bytes of one segment, at most; a page or more (65536 if nobody says)",
      run = limit("max_segment_size", PAGE_SIZE) },
    { "blk_queue_segment_boundary", "q, mask", "",
      "no segment crosses a multiple of mask + 1",
      run = limit("seg_boundary_mask", PAGE_SIZE - 1) },
    { "blk_mq_alloc_request", "q, opf", "rq", "an empty request; opf is that of its bios",
      run = alloc_request },
    { "blk_rq_append_bio", "rq, bio", "0, or -EINVAL (-22)",
      "a bio more; -22 when it goes the other way, or has more segments than the queue takes",
      run = append_bio },
    { "rq_for_each_segment", "rq", "iterator", "bio_for_each_segment over all bios of a request",
      run = function(rq) return segments(rq.bios) end },
    { "blk_rq_bytes", "rq", "bytes", "how many bytes the request is to move", run = bytes_of },
    { "blk_rq_nr_phys_segments", "rq", "segments", "how many entries blk_rq_map_sg will fill",
      run = function(rq) return #merged(rq.q, rq) end },
    { "rq_dma_dir", "rq", "dir", "DMA_TO_DEVICE for a write, DMA_FROM_DEVICE for a read",
      run = function(rq) return rq.cmd_flags == WRITE and DMA_TO_DEVICE or DMA_FROM_DEVICE end },
    { "blk_rq_map_sg", "q, rq, sgl", "entries",
      "fill a list with the memory of a request; pieces that meet in memory become one entry, " ..
      "as far as the queue's limits go. It maps nothing: dma_map_sg(dev, sgl, entries, dir) does",
      run = map_sg },
    { "blk_mq_end_request", "rq, status", "",
      "the request is done: bi_status of its bios is set and bi_end_io(bio) called; unmap first",
      run = end_request },
  },
  constants = {
    { "REQ_OP_READ", READ, "a bio or request that reads the disk: the device writes memory" },
    { "REQ_OP_WRITE", WRITE, "a bio or request that writes the disk: the device reads memory" },
    { "BLK_STS_OK", 0, "a request that went well" },
    { "BLK_STS_IOERR", EIO_STATUS, "a request that failed" },
    { "BIO_MAX_VECS", BIO_MAX_VECS, "pieces of a bio, at most" },
  },
}
