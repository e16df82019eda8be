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

-- The disk ---------------------------------------------------------------------------------------

parts.SECTOR = 512
parts.READ, parts.WRITE = 1, 2

local OWN = 0x80000000
local SUBMIT, SUBMIT_SIZE, COMPLETE, COMPLETE_SIZE = 0x20, 0x28, 0x30, 0x38
local CONTROL, ACK, RESET, DOORBELL, CONSUMED = 0x08, 0x14, 0x18, 0x40, 0x44
local REQUEST, ENTRY, TABLE = 32, 16, 256

-- A driver of devices.blk with rings of so many entries; control is or-ed to "enabled".
local disk = {}
disk.__index = disk

local function ring_memory(n)
  local va, h = dma_alloc_coherent(devices.blk, n)
  return { va = allocated(va), h = h, size = n }
end

function parts.disk(entries, control)
  local d = setmetatable({ entries = entries, submitted = 0, completed = 0,
      requests = ring_memory(entries * REQUEST), results = ring_memory(entries * ENTRY),
      tables = ring_memory(entries * TABLE) }, disk)
  local bar = devices.blk.bar
  writeq(d.requests.h, bar + SUBMIT)
  writel(entries, bar + SUBMIT_SIZE)
  writeq(d.results.h, bar + COMPLETE)
  writel(entries, bar + COMPLETE_SIZE)
  writel(1 | (control or 0), bar + CONTROL)
  return d
end

-- Put a request into the ring: pieces is a list of { handle, bytes }. `barrier` stands before OWN.
function disk:put(operation, sector, tag, pieces, barrier)
  local slot = self.submitted % self.entries
  local at, pieces_at = self.requests.va + slot * REQUEST, self.tables.va + slot * TABLE
  parts.equal(load(at, 4) & OWN, 0, "OWN of a free request is")
  for i, piece in ipairs(pieces) do
    store(pieces_at + (i - 1) * 16, piece[1])
    store(pieces_at + (i - 1) * 16 + 8, piece[2], 4)
  end
  store(at + 4, operation, 2)
  store(at + 6, tag, 2)
  store(at + 8, self.tables.h + slot * TABLE)
  store(at + 16, #pieces, 4)
  store(at + 20, sector, 4)
  ;(barrier or dma_wmb)()
  store(at, OWN, 4)
  self.submitted = self.submitted + 1
end

function disk:ring() writel(1, devices.blk.bar + DOORBELL) end

function disk:submit(...)
  self:put(...)
  self:ring()
end

-- The tag of the next request that is done, and how many bytes it moved.
function disk:take()
  local at = self.results.va + self.completed % self.entries * ENTRY
  local phase = 1 - self.completed // self.entries % 2
  for _ = 1, 10000 do
    if load(at + 12, 4) & 1 == phase then break end
    run(20)
  end
  parts.equal(load(at + 12, 4) & 1, phase, "the phase is")
  dma_rmb()
  local tag, bytes = load(at, 4), load(at + 4, 4)
  parts.equal(load(at + 8, 4), 0, "the status is")
  self.completed = self.completed + 1
  writel(1, devices.blk.bar + CONSUMED)
  return tag, bytes
end

function disk:acknowledge() writel(1, devices.blk.bar + ACK) end

function disk:reset() writel(1, devices.blk.bar + RESET) end

-- Stop the disk, and read back so that the write has arrived; then its rings may go.
function disk:close()
  self:reset()
  readl(devices.blk.bar)
  for _, memory in ipairs { self.requests, self.results, self.tables } do
    dma_free_coherent(devices.blk, memory.size, memory.va, memory.h)
  end
end

-- A buffer mapped for the disk.
function parts.disk_map(va, n, direction)
  local h = dma_map_single(devices.blk, va, n, direction)
  parts.equal(dma_mapping_error(devices.blk, h), 0, "dma_mapping_error says")
  return h
end

function parts.disk_unmap(h, n, direction) dma_unmap_single(devices.blk, h, n, direction) end

-- A scatterlist of buffers { va, bytes }, mapped, and its pieces as disk:put takes them.
function parts.disk_map_list(buffers, direction)
  local sg, pieces = scatterlist(#buffers), {}
  for i, buffer in ipairs(buffers) do sg_set_buf(sg[i - 1], buffer[1], buffer[2]) end
  local n = dma_map_sg(devices.blk, sg, #buffers, direction)
  if n == 0 then error("dma_map_sg maps nothing", 0) end
  for entry in for_each_sg(sg, n) do
    pieces[#pieces + 1] = { sg_dma_address(entry), sg_dma_len(entry) }
  end
  return sg, pieces
end

function parts.disk_unmap_list(sg, n, direction) dma_unmap_sg(devices.blk, sg, n, direction) end

-- The crypto device ------------------------------------------------------------------------------

-- What it makes of a text.
function parts.enciphered(text, key)
  return (text:gsub(".", function(c)
    local byte = string.char(c:byte() ~ key & 0xff)
    key = key << 1 | key >> 63
    return byte
  end))
end

-- Let it work on n bytes from one handle to another, and wait.
function parts.encipher(from, to, n, key)
  local bar = devices.crypto.bar
  writeq(from, bar + 0x10)
  writeq(to, bar + 0x18)
  writeq(key, bar + 0x20)
  writel(n, bar + 0x28)
  writel(1, bar + 0x2c)
  devices.crypto:wait()
  parts.equal(readl(bar + 0x28), n, "enciphered are")
end

function parts.crypto_map(va, n, direction)
  local h = dma_map_single(devices.crypto, va, n, direction)
  parts.equal(dma_mapping_error(devices.crypto, h), 0, "dma_mapping_error says")
  return h
end

function parts.crypto_unmap(h, n, direction) dma_unmap_single(devices.crypto, h, n, direction) end

return parts
