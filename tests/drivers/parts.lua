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

-- A pool of blocks of n bytes.
function parts.pool(n) return dma_pool_create("test", dev, n, 16, 0) or error("no pool", 0) end

-- A block of it, and its handle.
function parts.block(pool)
  local va, h = dma_pool_alloc(pool)
  return allocated(va), h
end

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

-- Store a number, ring, and see it arrive in the device.
function parts.send_number(how, va, h, number, barrier)
  store(va, number)
  if barrier then barrier() end
  parts.ring(how, h, 8)
  dev:wait()
  parts.equal(string.unpack("<I8", dev:buffer()), number, "the device has")
end

-- Rings of descriptors (help nic) ------------------------------------------------------------------

local nic = devices.nic
local OWN, ERROR, LAST = 0x80000000, 0x40000000, 0x20000000
parts.OWN, parts.ERROR, parts.LAST = OWN, ERROR, LAST

local CONTROL, ACKNOWLEDGE, DOORBELL = 0x04, 0x14, 0x18
local RING_OF = { transmit = 0x80, receive = 0x90 }

local Ring = {}
Ring.__index = Ring

-- A ring of n descriptors in coherent memory that the card knows of; its side is off yet.
function parts.ring_of_nic(side, n)
  local va, h = dma_alloc_coherent(nic, n * 16)
  local ring = { va = allocated(va), h = h, n = n, next = 0, done = 0, slots = {} }
  writeq(h, nic.bar + RING_OF[side])
  writel(n, nic.bar + RING_OF[side] + 8)
  return setmetatable(ring, Ring)
end

function Ring:at(i) return self.va + i % self.n * 16 end

-- Hand the next descriptor over: its fields, then the word that says so. `barrier` stands between.
function Ring:give(h, length, flags, barrier)
  local d = self:at(self.next)
  self.next = self.next + 1
  store(d, h)
  store(d + 8, length, 4)
  ;(barrier or dma_wmb)()
  store(d + 12, OWN | (flags or 0), 4)
end

-- Is the oldest descriptor the driver's again? Then its length and flags, read after that.
function Ring:take()
  local d = self:at(self.done)
  local flags = load(d + 12, 4)
  if flags & OWN ~= 0 then return nil end
  dma_rmb()
  self.done = self.done + 1
  return load(d + 8, 4), flags
end

function Ring:free() dma_free_coherent(nic, self.n * 16, self.va, self.h) end

-- 1 receive, 2 transmit; 0x80 reset. Read back, so that it has arrived.
function parts.nic_control(bits)
  writel(bits, nic.bar + CONTROL)
  readl(nic.bar + CONTROL)
end

function parts.nic_doorbell() writel(1, nic.bar + DOORBELL) end

function parts.nic_acknowledge() writel(0xf, nic.bar + ACKNOWLEDGE) end

local function map_for(device, va, n, direction)
  local h = dma_map_single(device, va, n, direction)
  parts.equal(dma_mapping_error(device, h), 0, "dma_mapping_error says")
  return h
end

function parts.map_for_nic(va, n, direction) return map_for(nic, va, n, direction) end

-- A receive ring of n buffers of so many bytes, mapped and handed over; the card listens.
function parts.receive_ring(n, bytes)
  local ring = parts.ring_of_nic("receive", n)
  for i = 0, n - 1 do
    local va = parts.buffer(bytes)
    ring.slots[i] = { va = va, h = map_for(nic, va, bytes, FROM) }
    ring:give(ring.slots[i].h, bytes)
  end
  parts.nic_control(1)
  return ring
end

-- The card is told to stop, then everything is given back.
function parts.end_receive_ring(ring, bytes)
  parts.nic_control(0x80)
  for i = 0, ring.n - 1 do
    dma_unmap_single(nic, ring.slots[i].h, bytes, FROM)
    kfree(ring.slots[i].va)
  end
  ring:free()
end

-- A packet comes; it has been moved when this returns.
function parts.arrives(bytes)
  parts.equal(nic:receive(bytes), true, "the card takes the packet")
  parts.equal(nic:wait(100000), true, "the card is done")
end

-- Cyclic transfers (help audio) --------------------------------------------------------------------

local audio = devices.audio

function parts.map_for_audio(va, n, direction) return map_for(audio, va, n, direction) end

-- Go round a buffer of n bytes: 1 play, 3 capture.
function parts.audio_start(h, n, period, control)
  writeq(h, audio.bar + 0x80)
  writel(n, audio.bar + 0x88)
  writel(period, audio.bar + 0x90)
  writel(control, audio.bar + CONTROL)
end

-- The end of a period, acknowledged.
function parts.audio_period()
  parts.equal(audio:wait(100000), true, "a period is over")
  writel(1, audio.bar + ACKNOWLEDGE)
end

-- Stopped for sure: the store has arrived when the register is read back.
function parts.audio_stop()
  writel(0, audio.bar + CONTROL)
  readl(audio.bar + CONTROL)
end

return parts
