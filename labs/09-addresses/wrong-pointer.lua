-- fails 1: predicted was
-- fails 3: address-not-dma
function foresee(question, pa, offset) predict(question, pa) end

function probe(dev, bits) return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)) end

function send(dev, text)
  local buf = kmalloc(#text)
  write(buf, text)
  local h = dma_map_single(dev, buf, #text, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) == 0 then
    transmit(virt_to_phys(buf), #text)
    dma_unmap_single(dev, h, #text, DMA_TO_DEVICE)
  end
  kfree(buf)
end

function send_name(dev, name)
  local buf = stack_array(#name)
  write(buf, name)
  send(dev, read(buf, #name))
end
