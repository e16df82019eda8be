-- send(dev, message): let the network card send the string `message`.
--
-- dev      the card, for the calls of the DMA API
-- message  what has to go out, a string; #message is its length
--
-- The lab gives you transmit(h, n): the card reads n bytes at the DMA address h and sends them. It
-- is done when transmit returns. send itself returns nothing.

function send(dev, message)
  local n = #message
  local buf = kmalloc(n)

  -- The address the card will use.
  local h = dma_map_single(dev, buf, n, DMA_TO_DEVICE)
  if dma_mapping_error(dev, h) ~= 0 then
    kfree(buf)
    return
  end

  -- Now the message is in memory ...
  write(buf, message)

  -- ... and the card can have it.
  transmit(h, n)

  dma_unmap_single(dev, h, n, DMA_TO_DEVICE)
  kfree(buf)
end
