-- Yields out of everything that calls back: a probe, a remove, complete of an urb, sort, gsub, pairs.
-- comes to: done 0, outside a coroutine
function send(dev, size)
  local function out() coroutine.yield("out") end
  for _ = 1, 20 do
    local co = coroutine.wrap(function()
      pcall(bind, { name = "a", probe = out, remove = out }, dev)
      pcall(unbind, dev)
      local urb = usb_alloc_urb()
      local buf = kmalloc(size)
      usb_fill_bulk_urb(urb, dev, usb_sndbulkpipe(dev, 1), buf, size, out)
      pcall(usb_submit_urb, urb)
      pcall(usb_hcd_irq, dev)
      pcall(table.sort, { 3, 2, 1 }, out)
      pcall(string.gsub, "abc", ".", out)
      pcall(pairs, setmetatable({}, { __pairs = out }))
      pcall(predict, "x", out)
    end)
    for _ = 1, 9 do pcall(co) end
  end
  coroutine.yield()
end
