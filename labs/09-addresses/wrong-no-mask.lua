-- fails 2: what probe() answers for a device whose 30 bits
function foresee(question, pa, offset) predict(question, pa + offset) end

function probe(dev, bits) return 0 end

function send(dev, text)
  local buf = kmalloc(#text)
  write(buf, text)
  local h = dma_map_single(dev, buf, #text, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) == 0 then
    transmit(h, #text)
    dma_unmap_single(dev, h, #text, DMA_TO_DEVICE)
  end
  kfree(buf)
end

function send_name(dev, name)
  local buf = stack_array(#name)
  write(buf, name)
  send(dev, read(buf, #name))
end
