-- The driver of somebody who learned that a device works with physical addresses.

-- Where will the device find a buffer at physical address `pa`, on a machine whose bus has this
-- offset? Leave the line with predict() as it is.
function foresee(question, pa, offset)
  local address = pa
  predict(question, address)
end

-- The device has so many address bits: tell the kernel. Return 0, or the error.
function probe(dev, bits)
  if dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)) == 0 then return 0 end
  return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits))
end

-- The device reads `text`: transmit(address, n) makes it do so.
function send(dev, text)
  local buf = kmalloc(#text)
  write(buf, text)
  transmit(virt_to_phys(buf), #text)
  kfree(buf)
end

-- The device reads `name`, which is short and lies in a local array.
function send_name(dev, name)
  local buf = stack_array(#name)
  write(buf, name)
  transmit(virt_to_phys(buf), #name)
end
