-- The guided tour: a few steps, one idea each, on machines of their own.

local session = require "session"
local settings = require "settings"
local text = require "text"

local tour = {}

-- title, what to know, the lines to play
local steps = {
  { "A store stays in the cache",
    "This is a small ARM machine. The CPU stores 8 bytes. They are in a cache line now, and " ..
        "memory does not have them yet: the device, which reads memory, would get the old bytes.",
    { 'machine{ board = "arm64" }',
      "buf = kzalloc(64)",
      "store(buf, 0x1111)",
      "show bytes buf 8" } },
  { "dma_map_single hands the buffer over",
    "Mapping writes the line back (a clean) and gives an address for the device. From here on " ..
        "the device owns the buffer. It reads what the CPU stored.",
    { 'out = dma_map_single(dev, buf, 64, "to_device")',
      "dma_mapping_error(dev, out)",
      "dev:dma_read(out, 8)" } },
  { "Too late: a store after the hand-over",
    "The CPU stores again, although the device owns the buffer. The store stays in the cache, " ..
        "the device reads memory, and gets the old bytes. dmalab names what went wrong.",
    { "store(buf, 0x2222)",
      "dev:dma_read(out, 8)" } },
  { "The cure: sync",
    "To use a mapping again, take the buffer back with sync_for_cpu, store, and hand it over " ..
        "with sync_for_device. Now the device gets the new bytes. Unmap when all is done.",
    { 'dma_sync_single_for_cpu(dev, out, 64, "to_device")',
      "store(buf, 0x3333)",
      'dma_sync_single_for_device(dev, out, 64, "to_device")',
      "dev:dma_read(out, 8)",
      'dma_unmap_single(dev, out, 64, "to_device")' } },
  { "The other direction: the device writes",
    "The device writes 8 bytes to memory. The CPU still has the line in its cache from before, " ..
        "and reads that old copy: a stale read.",
    { "rx = kzalloc(64)",
      'h = dma_map_single(dev, rx, 64, "from_device")',
      "dma_mapping_error(dev, h)",
      'dev:dma_write(h, ("\\x22"):rep(8))',
      "load(rx)" } },
  { "See it",
    "This table shows every copy of the bytes. The device wrote to RAM; the copies in the " ..
        "caches are from before, and the CPU sees those. help stale explains a word, help words " ..
        "lists them.",
    { "show bytes rx 8" } },
  { "Ask why",
    "why() tells how it came about, event by event. cycle is the machine's clock.",
    { "why()" } },
  { "The cure: unmap before reading",
    "dma_unmap_single gives the buffer back to the CPU: it drops the old line, and the next " ..
        "load reads memory.",
    { 'dma_unmap_single(dev, h, 64, "from_device")',
      "load(rx)" } },
  { "One mapping, many transfers",
    "A driver that receives again and again keeps its mapping. Before each look: sync_for_cpu. " ..
        "Before the device writes again: sync_for_device. sync finds size and direction itself.",
    { "map rx 64 from_device",
      "h = _",
      'dev:dma_write(h, ("\\x33"):rep(8))',
      "sync h for_cpu",
      "load(rx)",
      "sync h for_device",
      'dev:dma_write(h, ("\\x44"):rep(8))',
      "sync h for_cpu",
      "load(rx)",
      "unmap h" } },
  { "The same mistake on x86",
    "Here devices snoop the caches. The lines that gave a stale read give the new bytes, and no " ..
        "rule is broken. This is why such a bug is found late: it works on the machine it was " ..
        "written on.",
    { 'machine{ board = "x86" }',
      "rx = kzalloc(64)",
      'h = dma_map_single(dev, rx, 64, "from_device")',
      "dma_mapping_error(dev, h)",
      'dev:dma_write(h, ("\\x22"):rep(8))',
      "load(rx)",
      "violations()" } },
  { "Now you",
    "Here is a fresh ARM machine. undo takes a line back, show cache and show mappings look " ..
        "around, help lists what there is, machine tiny is small enough to see all of its cache. " ..
        "lab list shows exercises: drivers to be mended; lab start 01 begins with the first.",
    { 'machine{ board = "arm64" }' } },
}

-- True: go on. In a terminal the reader says when, and may try lines; without one (no answer comes)
-- it plays through.
local waits
local function go_on()
  while waits do
    io.stdout:write(text.paint("dim", "[Return: go on, q: leave, or try a line]"), " ")
    io.stdout:flush()
    local answer = io.stdin:read("l")
    if not answer then io.stdout:write("\n") end
    if not answer or answer:find("^%s*[qQ]%s*$") then return false end
    if answer:find("^%s*$") then return true end
    if require("line").perform(answer) == "quit" then return false end
  end
  return true
end

local function play(i, step)
  io.stdout:write(text.paint("bold", i .. "/" .. #steps .. "  " .. step[1]), "\n",
      text.wrap(step[2], 78), "\n\n")
  for _, line in ipairs(step[3]) do
    io.stdout:write("> ", line, "\n")
    require("line").perform(line)
  end
  io.stdout:write("\n")
end

local function all_steps()
  for i, step in ipairs(steps) do
    play(i, step)
    if i < #steps and not go_on() then return false end
  end
  return true
end

-- Whatever happens the user's variables come back, on a fresh machine.
function tour.tour()
  if session.in_tour then error("this is the tour: Return goes on, q leaves it", 0) end
  local before = session.globals()
  session.in_tour = true
  waits = core.terminal and session.mode == "prompt"
  local fine, finished = pcall(all_steps)
  session.in_tour = false
  if finished ~= true then io.stdout:write("The tour ends here, on a fresh arm64 machine.\n") end
  session.put_back(before)
  settings.power_on({ board = "arm64" })
  session.new_machine()
  session.instead = 'machine{ board = "arm64" }'
  if not fine then error(finished, 0) end
end

return tour
