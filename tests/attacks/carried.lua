-- What a run may leave for the next: globals, fields of libraries, drivers, urbs, memory. With any of
-- it this driver goes wrong; there is none, so it is right.
-- comes to: done 10
local function right(dev, size, message)
  local buf = kmalloc(size)
  write(buf, message .. ("."):rep(size - #message))
  local h = dma_map_single(dev, buf, size, DMA_TO_DEVICE)
  local got = device_reads(h, size)
  dma_unmap_single(dev, h, size, DMA_TO_DEVICE)
  kfree(buf)
  return got
end

local found
if string.mine or cache.mine or devices.mine or math.mine or coroutine.mine or mine then found = true end
string.mine, cache.mine, devices.mine, math.mine, coroutine.mine, mine = 1, 1, 1, 1, 1, 1

function send(dev, size, message)
  local bound = false
  local fine = pcall(unbind, dev)      -- a remove of the last run would be called
  if remove_called or not fine then found = true end
  bind({ name = "mine", probe = function() return 0 end,
      remove = function() bound = true end }, dev)
  if usb_hcd_irq(dev) ~= 0 then found = true end      -- an urb the last run has left
  if found then return "something is left" end
  local urb = usb_alloc_urb()
  usb_fill_bulk_urb(urb, dev, usb_sndbulkpipe(dev, 1), 0, 0)
  usb_submit_urb(urb)
  local got = right(dev, size, message)
  unbind(dev)
  if not bound then return "remove was not called" end
  bind({ name = "mine", remove = function() error("the remove of another run") end }, dev)
  dev:unbind()
  return got
end
