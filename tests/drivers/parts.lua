-- What the drivers of correct.lua and broken.lua are made of: the calls of the DMA API with the
-- device named once, buffers that are filled, and comparisons that say both sides.

local parts = {}

local TO, FROM, BOTH = DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL
parts.TO, parts.FROM, parts.BOTH = TO, FROM, BOTH

parts.PAGE = 4096

-- RAM from 30M on when the machine is switched on with mem = "30M": hidden from the kernel.
parts.HIDDEN = 0x1e00000

-- Comparisons ------------------------------------------------------------------------------------

-- "256 times 'a'" where it is that, for a page of one letter helps nobody.
local function shown(value)
  if type(value) ~= "string" then return tostring(value) end
  local first = value:sub(1, 1)
  if #value > 8 and value == first:rep(#value) then
    return #value .. " times " .. ("%q"):format(first)
  end
  return ("%q"):format(value:sub(1, 16)) .. (#value > 16 and "..." or "")
end

function parts.equal(got, want, what)
  if got ~= want then error((what or "got") .. " " .. shown(got) .. ", want " .. shown(want), 0) end
end

function parts.cpu_sees(va, want) parts.equal(read(va, #want), want, "the CPU reads") end

function parts.device_sees(h, want)
  parts.equal(dev:dma_read(h, #want), want, "the device reads")
end

-- Memory -----------------------------------------------------------------------------------------

local function allocated(va) return va or error("no memory left", 0) end

-- A block of n bytes, filled with the letter when there is one.
function parts.buffer(n, letter)
  local va = allocated(kmalloc(n))
  if letter then write(va, letter:rep(n)) end
  return va
end

function parts.zeroed(n) return allocated(kzalloc(n)) end

function parts.page() return allocated(__get_free_pages(GFP_KERNEL, 0)) end

-- A cached block of which the CPU holds lines: what a forgotten invalidate leaves behind.
function parts.cached_buffer(n)
  local va = parts.buffer(n)
  read(va, n)
  return va
end

-- Memory both sides agree on: va, handle, size. A page, as ever.
function parts.coherent()
  local va, h = dma_alloc_coherent(dev, parts.PAGE)
  return allocated(va), h, parts.PAGE
end

-- The dma_addr_t a device needs for a place in RAM, for who hands it over without the DMA API.
function parts.bus_address(pa) return pa + core.board().bus_offset end

-- Coherent memory through the kernel's linear map: cached, also where the memory itself is not.
function parts.cached_alias(h) return phys_to_virt(h - core.board().bus_offset) end

-- The DMA API ------------------------------------------------------------------------------------

function parts.map(va, n, direction)
  local h = dma_map_single(dev, va, n, direction)
  parts.equal(dma_mapping_error(dev, h), 0, "dma_mapping_error says")
  return h
end

function parts.unmap(h, n, direction) dma_unmap_single(dev, h, n, direction) end

function parts.for_cpu(h, n, direction) dma_sync_single_for_cpu(dev, h, n, direction) end

function parts.for_device(h, n, direction) dma_sync_single_for_device(dev, h, n, direction) end

-- Map, let the device read n times the letter from va, unmap.
function parts.transmit(va, n, letter, direction)
  local h = parts.map(va, n, direction or TO)
  parts.device_sees(h, letter:rep(n))
  parts.unmap(h, n, direction or TO)
end

-- Map, let the device write n times the letter to va, unmap; the CPU finds it there.
function parts.receive(va, n, letter, direction)
  local h = parts.map(va, n, direction or FROM)
  dev:dma_write(h, letter:rep(n))
  parts.unmap(h, n, direction or FROM)
  parts.cpu_sees(va, letter:rep(n))
end

-- The registers ----------------------------------------------------------------------------------

local SOURCE, DESTINATION, COUNT, COMMAND = 0x80, 0x88, 0x90, 0x98
local DEVICE_MEMORY = 0x40000

-- Register writes that push out what was stored before them, and those that do not.
parts.ordered = { q = writeq, l = writel }
parts.relaxed = { q = writeq_relaxed, l = writel_relaxed }

-- Start a transfer of n bytes from memory with these register writes.
function parts.ring(how, h, n)
  how.q(h, dev.bar + SOURCE)
  how.q(DEVICE_MEMORY, dev.bar + DESTINATION)
  how.l(n, dev.bar + COUNT)
  how.l(1, dev.bar + COMMAND)
end

-- Start a transfer of n bytes to memory that ends with an interrupt.
function parts.ring_for_interrupt(h, n)
  writeq(DEVICE_MEMORY, dev.bar + SOURCE)
  writeq(h, dev.bar + DESTINATION)
  writel(n, dev.bar + COUNT)
  writel(7, dev.bar + COMMAND)
end

-- A handler for it: acknowledges, and says so to who waits. An interrupt that is not the device's, as
-- a late one, is none.
local WHY, ACKNOWLEDGE = 0x24, 0x64

function parts.handler(done, more)
  return function(d)
    local why = readl(d.bar + WHY)
    if why == 0 then return IRQ_NONE end
    writel(why, d.bar + ACKNOWLEDGE)
    if more then more() end
    complete(done)
    return IRQ_HANDLED
  end
end

-- Store a number, ring, and see it arrive in the device.
function parts.send_number(how, va, h, number, barrier)
  store(va, number)
  if barrier then barrier() end
  parts.ring(how, h, 8)
  dev:wait()
  parts.equal(string.unpack("<I8", dev:buffer()), number, "the device has")
end

return parts
