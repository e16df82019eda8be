-- fails 1: address-not-dma
-- fails 2: address-not-dma
-- The card is told where the bytes are in physical memory, and nobody hands them over.
function send(dev, message)
  local buf = kmalloc(#message)
  write(buf, message)
  transmit(virt_to_phys(buf), #message)
  kfree(buf)
end
