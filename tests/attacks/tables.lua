-- Tables whose metatables never end, wherever the API takes a table or an object made of one.
-- comes to: done 0, used up its instructions
local function never() while true do end end
local hostile = setmetatable({}, { __index = never, __newindex = never, __len = never,
    __pairs = never, __call = never, __eq = never, __lt = never, __name = "dmalab.sg" })
local shy = setmetatable({ name = "x" }, { __metatable = false, __index = function() error({}) end })
function send(dev, size)
  local urb, skb = usb_alloc_urb(), alloc_skb(size)
  for key in pairs { dev = 1, pipe = 1, transfer_buffer = 1, status = 1 } do
    rawset(urb, key, hostile)
  end
  for key in pairs { data = 1, len = 1, head = 1, shared = 1 } do rawset(skb, key, shy) end
  for _, object in ipairs { shy, urb, skb, hostile } do
    for _, call in ipairs { bind, sg_next, sg_init_table, dma_map_sg, usb_submit_urb, usb_kill_urb,
        usb_free_urb, kfree_skb, skb_put, bio_put, bio_add_page, blk_rq_map_sg, dma_unmap_sg, print,
        unbind, kmalloc, table.concat, table.unpack, pairs, next, ipairs, string.format } do
      pcall(call, object, object, object)
      pcall(call, dev, object, 1, object)
    end
  end
  return hostile.x
end
