-- An interrupt handler that never comes back, one that yields, one that raises its own interrupt.
-- comes to: done 0, used up its instructions
local function start(dev, h, n)
  writeq(0x40000, dev.bar + 0x80)
  writeq(h, dev.bar + 0x88)
  writel(n, dev.bar + 0x90)
  writel(7, dev.bar + 0x98)
end
function send(dev, size)
  local h = dma_map_single(dev, kmalloc(size), size, DMA_FROM_DEVICE)
  for _, handler in ipairs {
    coroutine.yield, function() error({}) end, function() return {} end,
    function() start(dev, h, 64) msleep(1) return IRQ_NONE end,
    function() free_irq(dev) request_irq(dev, print) return IRQ_HANDLED end,
    function() predict("inside", 1) return IRQ_HANDLED end,
    function() while true do end end,
  } do
    pcall(request_irq, dev, handler, "\27[2J\0%s%n")
    pcall(function() start(dev, h, 64) msleep(1) end)
    pcall(enable_irq, dev)
    pcall(free_irq, dev)
  end
  error("the handlers came back")
end
