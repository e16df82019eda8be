-- send(dev, size, message): let the device read `message`, filled up with dots to `size` bytes, and
-- return what it read. It works on a PC.
function send(dev, size, message)
  local buf = kmalloc(size)
  write(buf, message .. ("."):rep(size - #message))
  local got = dev:dma_read(virt_to_phys(buf), size)
  kfree(buf)
  return got
end
