-- `help`: what there is, from the tables of the core and of the commands.

require "api"
local help_calls = require "help_calls"
local help_dma = require "help_dma"
local near = require "near"
local session = require "session"
local settings = require "settings"
local text = require "text"

local help = {}

local function say(...)
  io.stdout:write(...)
  io.stdout:write("\n")
end

local function say_labelled(label, width, words) say(text.labelled(label, width, words)) end

local function paragraph(s) say(text.labelled("  ", 2, s)) end

-- One screen -----------------------------------------------------------------------------------

local command_groups = {
  { "look at it", "look" }, { "in short", "dma" }, { "time, machine", "time", "machine" },
  { "session", "session", "help" },
}

-- Functions of the first screen, by subject; every one is in `help functions`.
local first_functions = {
  { "memory", { "kmalloc", "kzalloc", "kfree", "vmalloc", "vfree", "__get_free_pages", "free_pages",
      "ioremap" } },
  { "the CPU", { "load", "store", "read", "write", "memset", "memcpy", "readl", "writel", "mb",
      "dma_wmb" } },
  { "DMA", { "dma_map_single", "dma_unmap_single", "dma_mapping_error", "dma_sync_single_for_cpu",
             "dma_sync_single_for_device", "dma_alloc_coherent", "dma_free_coherent",
             "dma_map_sg", "dma_pool_create", "dma_set_mask" } },
  { "the device", { "dev:dma_read", "dev:dma_write", "dev:start_read", "dev:busy", "dev:wait",
      "dev.bar" } },
  { "caches", { "cache.clean", "cache.invalidate", "cache.flush" } },
  { "interrupts", { "request_irq", "free_irq", "spin_lock_irqsave", "wait_for_completion" } },
  { "passing time", { "run", "cycles", "watch", "unwatch" } },
  { "subsystems", { "pci_map_single", "usb_submit_urb", "blk_rq_map_sg", "alloc_skb", "bind" } },
}

local function overview()
  say("Type a command (`show cache`), a call (`buf = kmalloc(256)`) or any Lua.")
  say()
  for _, group in ipairs(command_groups) do
    local names = {}
    for i = 2, #group do
      for _, row in ipairs(session.commands) do
        if row.group == group[i] then names[#names + 1] = row.name end
      end
    end
    say_labelled("  " .. group[1], 16, table.concat(names, "  "))
  end
  say()
  for _, group in ipairs(first_functions) do
    say_labelled("  " .. group[1], 16, table.concat(group[2], "  "))
  end
  say("help NAME tells all about one of them. More: help functions, boards, settings,")
  say("archs, rules, misconceptions, events, devices, nature, words. New? tour, lab")
end


-- Functions ------------------------------------------------------------------------------------

local op_words = { none = "nothing", clean = "clean (write back, keep)",
    inval = "invalidate (drop)",
                   edge = "invalidate, lines partly covered cleaned first",
                       flush = "flush (write back, drop)" }

-- Cells may be written in either case.
local function op(cell) return op_words[cell:lower()] or cell end

local function present_arch()
  local name = core.board().arch
  for _, row in ipairs(core.archs) do
    if row.name == name then return row end
  end
end

local coherent_words = {
  remap = "the memory is mapped uncached, in the vmalloc area; the lines of its linear address " ..
      "are written back first",
  alias = "the memory is seen through the uncached window; the lines of its linear address are " ..
      "written back first",
  cached = "none: the hardware snoops, the memory stays cached",
}

local function on_the_caches(row)
  local arch, board = present_arch(), core.board()
  local column = help_dma.caches_of(row)
  if column == "alloc" then
    local how = board.coherent and "cached" or tostring(arch.coherent):lower()
    say_labelled("  caches", 12, "on this board: " .. (coherent_words[how] or how))
  end
  if column == "alloc" then return end
  column = column or help_calls.caches_of(row)
  if not arch[column] then say_labelled("  caches", 12, column) return end
  if board.coherent then
    say_labelled("  caches", 12, "on this board nothing: the hardware snoops (help archs shows " ..
        "the others)")
    return
  end
  say("  caches    on this board (" .. arch.name .. "):")
  for _, dir in ipairs { "to_device", "from_device", "bidirectional" } do
    say("            " .. string.format("%-15s", dir) .. op(arch[column][dir]))
  end
end

-- What tables do not say: errors and habits of a few calls.
local notes = {
  dma_map_single = { "errors", "DMA_MAPPING_ERROR: vmalloc memory, no RAM, or beyond the " ..
      "device's mask. Ask dma_mapping_error(dev, dma) each time; 0 is a legal address.",
                     "owner", "from here on the device owns the buffer: no load, no store until " ..
                         "unmap or sync_for_cpu. dir is to_device, from_device or " ..
                         "bidirectional: the way the data goes." },
  dma_unmap_single = { "errors", "none are reported, as in Linux: size and direction must be " ..
      "those of the map, and the device must be done.",
                       "owner", "the CPU owns the buffer again; the handle is dead." },
  dma_sync_single_for_cpu = { "errors", "none are reported; the direction is that of the map, " ..
      "the range may be a part of it.",
                              "owner", "the CPU may touch the buffer, the mapping stays." },
  dma_sync_single_for_device = { "errors", "none are reported; the direction is that of the " ..
      "map, the range may be a part of it.",
                                 "owner", "the device owns the buffer again. To read what the " ..
                                     "device wrote you want for_cpu." },
  dma_mapping_error = { "errors", "0 when the address is good, -12 (-ENOMEM) when it is " ..
      "DMA_MAPPING_ERROR." },
  dma_alloc_coherent = { "errors", "nil when there is no memory the device can reach.",
                         "owner", "both sides may touch it at any time; what has to be seen in " ..
                             "order needs dma_wmb() or dma_rmb().",
                         "context", help_dma.gfp },
  dma_free_coherent = { "errors", "the same size, address and handle as allocated; else nothing " ..
      "is freed and the mistake is named.",
                        "context", help_dma.not_irqs_off },
  request_irq = { "errors", "-16 (-EBUSY): the line has a handler; free_irq first. -22 (-EINVAL): " ..
      "no handler.",
                  "when", "the handler runs behind the call during which the line went up, and " ..
                      "inside those that let time pass: run, dev:wait, udelay, msleep, " ..
                      "wait_for_completion. Interrupts are off meanwhile, nobody may sleep.",
                  "level", "while the line stays up the handler runs again: it has to write the " ..
                      "device's acknowledge register. After 100 runs the kernel turns it off " ..
                      "(dmesg: nobody cared).",
                  "undo", "takes back that there is a handler; what the function did to " ..
                      "variables of Lua stays." },
  free_irq = { "errors", "none are reported; dmesg says when there was no handler. Stop the " ..
      "device first: a line that is up and has no handler waits for the next one." },
  devm_request_irq = { "errors", "as request_irq. When the driver leaves (unbind, or a probe that " ..
      "failed) the handler goes before the driver's managed memory does; stop the device in " ..
      "remove all the same." },
  spin_lock = { "errors", "an error when this lock is held already: a deadlock. At most 8 are " ..
      "held at a time.",
                "context", "atomic: no GFP_KERNEL, no msleep. Interrupts still come: a lock a " ..
                    "handler takes too wants spin_lock_irqsave." },
  spin_lock_irqsave = { "errors", "as spin_lock.",
                        "context", "atomic, interrupts off: no handler runs, nobody may sleep, " ..
                            "dma_free_coherent may not be called." },
  spin_unlock_irqrestore = { "errors", "an error when the lock is not held, or when the flags " ..
      "are no answer of spin_lock_irqsave." },
  wait_for_completion = { "errors", "an error when it would wait for ever." },
  wait_for_completion_timeout = { "errors", "0: nobody called complete in time; the transfer " ..
      "may still be under way, so stop the device before you unmap." },
  kmalloc = { "errors", "nil: no memory, or more than the profile allows (help profile)." },
  kfree = { "errors", "twice, or an address kmalloc never gave: nothing is freed and the " ..
      "mistake is named." },
}

-- The generic call a subsystem's own is like, for what it does to the caches; else the row itself.
local function generic(row)
  for _, other in ipairs(row.like and core.api or {}) do
    if other.name == row.like then return other end
  end
  return row
end

local function function_help(row)
  local result = row.returns ~= "" and " -> " .. row.returns or ""
  say(text.wrap(row.name .. "(" .. row.args .. ")" .. result, 78, "    "))
  paragraph(row.help)
  local like = generic(row)
  local told = row.notes or notes[like.name] or help_dma.notes_of(like) or {}
  local extra = help_calls.complete(like, told)
  for i = 1, #extra, 2 do say_labelled("  " .. extra[i], 12, extra[i + 1]) end
  on_the_caches(like)
end

local function command_help(row)
  say(text.wrap(row.name .. " " .. row.args, 78, "    "))
  paragraph(row.help)
  for i = 1, #(row.notes or {}), 2 do say_labelled("  " .. row.notes[i], 12, row.notes[i + 1]) end
end

local function functions()
  local groups, order = {}, {}
  for _, row in ipairs(core.api) do
    local group = row.group or "other"
    if not groups[group] then
      groups[group] = {}
      order[#order + 1] = group
    end
    table.insert(groups[group], row.name)
  end
  for _, group in ipairs(order) do
    say(group)
    say(text.list(groups[group], 78, "  "))
  end
end

-- Tables ---------------------------------------------------------------------------------------

local function name_and_sentence(list, name)
  local width = 2
  for _, row in ipairs(list) do width = math.max(width, #row[name or "name"] + 4) end
  for _, row in ipairs(list) do say_labelled("  " .. row[name or "name"], width, row.sentence) end
end

local function boards()
  local list = {}
  for _, name in ipairs(settings.boards()) do
    list[#list + 1] = { name = name, sentence = settings.board(name).about or "" }
  end
  say("machine NAME switches on a fresh machine; show board NAME prints its settings.")
  name_and_sentence(list)
  say("Your own: a file that returns a table of settings;")
  say("machine{ board = \"./file.lua\" } switches it on")
end

local function setting_list()
  say("machine{ key = value } or --set key=value; help KEY tells the range.")
  for _, row in ipairs(core.settings) do
    say_labelled("  " .. row.key .. " = " .. settings.shown(row, row.default), 26, row.sentence)
  end
end

-- A value for a setting that is not the present one.
local function example(row)
  local now = core.board()[row.key]
  if row.key == "mem" then return '"30M"' end
  if row.type == "word" then
    for _, name in ipairs(row.words) do
      if name ~= now then return '"' .. name .. '"' end
    end
  end
  if type(now) == "boolean" then return tostring(not now) end
  local other = row.default ~= now and row.default
      or now == 0 and row.max // 2 or now * 2 <= row.max and now * 2 or now // 2
  return row.type == "size" and other >= 1024 and '"' .. text.size(other) .. '"' or tostring(other)
end

local function setting(row)
  say(row.key, " = ", settings.shown(row, core.board()[row.key]), "  (a setting of the board)")
  paragraph(row.sentence)
  say_labelled("  values", 12, settings.range(row))
  say("  default   ", settings.shown(row, row.default))
  say("  change    machine{ ", row.key, " = ", example(row), " }")
end

local directions = { "to_device", "from_device", "bidirectional" }

local function say_operations()
  paragraph("clean writes back and keeps the line, inval drops it, flush does both; edge drops, " ..
      "but cleans the lines that hold a part of the buffer only")
end

local function arch_table(row)
  say(row.name, ": ", row.sentence)
  local rows = { { "", table.unpack(directions) } }
  for _, part in ipairs { { "map, sync_for_device", "for_device" },
      { "unmap, sync_for_cpu", "for_cpu" } } do
    local line = { part[1] }
    for _, dir in ipairs(directions) do line[#line + 1] = row[part[2]][dir]:lower() end
    rows[#rows + 1] = line
  end
  say(text.columns(rows, nil, "  "))
  if row.outer then
    paragraph("the second level is told after the first on the way to the device, before it on " ..
        "the way back")
  end
  say_operations()
  say_labelled("  coherent memory:", 19, coherent_words[row.coherent:lower()])
end

-- Short enough for one screen: for each of them what map does, then unmap.
local function archs()
  say("What map and sync_for_device / unmap and sync_for_cpu do to the caches where")
  say("devices do not snoop, for each direction; help arm64 tells more of one.")
  local rows = { { "", table.unpack(directions) } }
  for _, row in ipairs(core.archs) do
    local line = { row.name }
    for _, dir in ipairs(directions) do
      line[#line + 1] = row.for_device[dir]:lower() .. " / " .. row.for_cpu[dir]:lower()
    end
    rows[#rows + 1] = line
  end
  say(text.columns(rows, nil, "  "))
  say_operations()
end

-- One by its id; nil for "".
local function misconception(id)
  for _, row in ipairs(require "misconceptions") do
    if row.id == id then return row end
  end
end

local function quoted(row) return "\"" .. row.belief:gsub("\"", "'") .. "\"" end

local function rule(row)
  say(row.name, "  (a rule", row.severity == "warning" and ", a warning" or "", ")")
  paragraph(row.sentence)
  say_labelled("  remedy", 12, row.remedy)
  local believed = misconception(row.misconception)
  if believed then
    say_labelled("  belief", 12, quoted(believed) .. " (" .. believed.id .. ")")
    say_labelled("  but", 12, believed.truth)
  end
  local message = require("dma_debug").message(row.name)
  if message then say_labelled("  dma-debug", 12, message) end
end

-- The rules that break where it is believed.
local function rules_of(row)
  local named = {}
  for _, broken in ipairs(core.rules) do
    if broken.misconception == row.id then named[#named + 1] = broken.name end
  end
  return table.concat(named, ", ")
end

local function misconception_help(row)
  say(row.id, "  (a misconception)")
  paragraph(quoted(row))
  paragraph(row.truth)
  local broken = rules_of(row)
  if broken ~= "" then say_labelled("  rules", 12, broken) end
end

local function misconceptions()
  say("What many believe, and the rules that break where it is believed; help M01 tells")
  say("what really happens.")
  for _, row in ipairs(require "misconceptions") do
    local broken = rules_of(row)
    say_labelled("  " .. row.id, 7, quoted(row))
    if broken ~= "" then say_labelled("", 7, broken) end
  end
end

local function event(row)
  say(row.name, "  (an event, lane ", row.lane, ")")
  paragraph(row.sentence)
  local fields = {}
  for place, name in pairs(row.fields) do
    if name ~= "" then
      fields[#fields + 1] = name .. (name ~= place and " (" .. place .. ")" or "")
    end
  end
  table.sort(fields)
  if #fields > 0 then say_labelled("  fields", 12, table.concat(fields, ", ")) end
end

local function events()
  local lane
  for _, row in ipairs(core.events) do
    if row.lane ~= lane then say(row.lane) end
    lane = row.lane
    say_labelled("  " .. row.name, 19, row.sentence)
  end
end

local function noticed(list, column)
  local n = 0
  for _, row in ipairs(list) do n = n + (row[column] ~= "-" and 1 or 0) end
  return n
end

-- A list of { rule, what dma-debug calls a driver that breaks it, what dmalab does }.
local function driver_rules(list)
  say("Forty rules for whoever writes a driver. Below each: what a driver that breaks")
  say("it is called by CONFIG_DMA_API_DEBUG, then by dmalab; -: it is not noticed.")
  say()
  for i, row in ipairs(list) do
    say(("%2d  %s"):format(i, row[1]))
    say(("      dma-debug: %-22s dmalab: %s"):format(row[2], row[3]))
  end
  say()
  say("Noticed: ", noticed(list, 2), " of ", #list, " by dma-debug, ", noticed(list, 3),
      " by dmalab.")
end

-- The rules by name; then those a driver's author should know, and who notices when one is broken.
local function rules()
  name_and_sentence(core.rules)
  say()
  driver_rules(require "driver_rules")
end

local function nature()
  local policy, seed, questions = core.nature()
  say("Nature decides what hardware is free to do. Now: ", policy,
      policy == "random" and ", seed " .. seed or "", ", asked ", text.count(questions, "time"),
          ".")
  say("machine{ nature = \"random\", seed = 7 } lets it; explore(fn) tries all it may do.")
  say("calm, the default, does nothing unasked.")
  name_and_sentence(core.choices)
end

local function device(row)
  local global = row == core.devices[1] and "dev" or "devices." .. row.name
  say(row.name, "  (a device, registers at pa ", text.hex(row.bar), ", va in ", global,
      ".bar)")
  paragraph(row.sentence)
  for line in (row.registers or ""):gmatch("[^\n]+") do
    local at, words = line:match("^(0x%x+)  (.*)$")
    if at and #line > 76 then
      for part in (words .. "   "):gmatch("(.-)   %s*") do
        say_labelled("  " .. (at or part:match("^0x%x+")), 8, at and part or part:match("  (.*)$"))
        at = nil
      end
    else
      say("  ", line)
    end
  end
end

-- Words ----------------------------------------------------------------------------------------

local words = {
  { "acknowledge", "write the interrupt's bits to the device's register for it, so that it " ..
      "lowers its line" },
  { "age", "how long ago a line of a set was used: 0 was used last, the highest makes room first" },
  { "allocate", "take a line into the cache for a store that misses; else the store goes past it" },
  { "attrs", "DMA_ATTR_ bits of a map or an allocation, 0 for none; unmap and free want the " ..
      "same ones. help dma_map_single_attrs" },
  { "back end", "who finds the address a device is told: direct (pa + bus_offset), swiotlb (a " ..
      "bounce buffer) or an IOMMU; the driver's calls are the same" },
  { "atomic context", "where the CPU cannot be given away, so nobody may sleep: under a spinlock, " ..
      "with preemption or interrupts off, in a handler" },
  { "barrier", "wmb, dma_wmb: what was stored before it arrives before what is stored after. " ..
      "rmb, dma_rmb: what is loaded after it is no older than what was loaded before. mb: both. " ..
      "writel has a wmb inside, readl an rmb; their _relaxed forms have none" },
  { "behind", "an older copy of a byte whose newer store lies nearer to the CPU: a write-back " ..
      "brings it up to date. The CPU reads the newer one; a device that reads RAM does not" },
  { "bio", "block I/O: pieces of pages to read from or write to a disk; bio_alloc, bio_add_page" },
  { "bounce", "a transfer through a buffer the device can reach, copied to and from the real one" },
  { "block", "a piece of memory that is handed out as a whole; of a DMA pool: one of its pieces " ..
      "of one size, each with its own address and handle" },
  { "bound", "of explore: the most deviations from calm that are tried in every combination " ..
      "(exhaustive tells how many were); schedules beyond it are drawn at random (sampled)" },
  { "buffer", "memory for a transfer; as a column of show bytes, the store buffer" },
  { "bus", "what CPU, memory and devices meet at: it moves 8 bytes a beat, the device between " ..
      "two beats of the CPU" },
  { "cache", "small fast memory with copies of lines of RAM; the CPU looks there first, a " ..
      "device does not unless it snoops. show cache, show line VA" },
  { "checker", "who names broken rules: it reads the trace and nothing else. set checker=kernel " ..
      "lets only CONFIG_DMA_API_DEBUG speak, set checker=all every rule; warnings are said once" },
  { "checked", "in show mappings: whether dma_mapping_error was asked about this mapping" },
  { "clean", "write a dirty line to memory and keep it; the device sees the CPU's stores" },
  { "cma", "RAM kept in one piece since boot, for large blocks of DMA memory (the setting cma); " ..
      "cat /proc/meminfo" },
  { "coherent", "hardware keeps caches and memory agreeing: devices snoop. Also memory both " ..
      "sides may touch (dma_alloc_coherent)" },
  { "coherent mapping", "memory from dma_alloc_coherent: CPU and device may both touch it at " ..
      "any time; made once, kept as long as the driver" },
  { "completion", "something to wait for: the handler calls complete, the driver " ..
      "wait_for_completion" },
  { "context", "what the CPU is doing: process, it may sleep; atomic, it may not; irq, a handler " ..
      "runs" },
  { "copy", "a byte may be in the store buffer, L1, L2 and RAM at once, with different values" },
  { "cpu", "loads and stores by virtual addresses, through its caches, as the driver tells it: " ..
      "that is you" },
  { "cycle", "the machine's unit of time; cycles() tells how many have passed, run(n) lets n " ..
      "pass" },
  { "deadlock", "a wait for what never comes. explore says so where nobody is left who could end " ..
      "it, and where a driver goes round and round: after 20 million steps of Lua, half a million events" },
  { "descriptor", "a few words in coherent memory that tell a device what to do (address, length, " ..
      "flags); a ring of them is its work list. Who owns one says its OWN bit. Fill in, " ..
      "dma_wmb(), set OWN, writel the doorbell; later read OWN, dma_rmb(), read the rest" },
  { "deviation", "an answer of nature other than the calm one: what explore counts. help nature " ..
      "lists what may deviate" },
  { "dev", "the device of this machine, the first argument of the DMA calls: an edu device " ..
      "(help edu)" },
  { "device", "reads and writes memory by itself, by dma addresses: here dev (help devices)" },
  { "direction", "the way the data goes: to_device, the device reads memory; from_device, it " ..
      "writes memory; bidirectional, both" },
  { "dirty", "the line holds stores that memory does not have yet (state M)" },
  { "dma", "direct memory access: a device moves the data itself, the CPU only starts it" },
  { "dma address", "what a device puts on the bus; here pa + bus_offset, never a CPU address" },
  { "dma-debug", "CONFIG_DMA_API_DEBUG, the kernel's own checker: it sees calls of the DMA API, " ..
      "but no load, store or cache. help RULE tells its message; dmesg, set checker=kernel, " ..
      "cat /sys/kernel/debug/dma-api/dump" },
  { "doorbell", "a register write that tells a device to look for work; with writel all earlier " ..
      "stores arrive first" },
  { "early", "a load got its bytes before its turn: they came along with an earlier load of that " ..
      "line, and no read barrier made the CPU look again. Nature calm never does that" },
  { "event", "one thing that happened, numbered; show trace prints them, help events lists the " ..
      "kinds" },
  { "evict", "a full set makes room: the line goes, and is written back first when it is dirty" },
  { "fault", "a device does not do what it was told (the setting device_fault), an IOMMU " ..
      "stopped it (iommu.fault), or the CPU named an address where nothing is (an oops)" },
  { "flush", "clean, then invalidate" },
  { "frame", "a page of physical memory: pa without its last 12 bits is its number (pfn)" },
  { "gfp", "who asks for memory, and from where: GFP_KERNEL may sleep, GFP_ATOMIC may not, " ..
      "GFP_DMA and GFP_DMA32 name a zone" },
  { "grade", "what a driver is worth in a lab, and why: `lab check` for your own, dmalab grade LAB " ..
      "FILE for one from the shell, dmalab grade LAB FOLDER for a class with a report; " ..
      "dmalab grade --help has the rest" },
  { "handler", "the driver's function that runs when its device interrupts: request_irq" },
  { "handle", "the dma address dma_map_single returned" },
  { "interrupt", "a device raises its line, and the CPU leaves what it is doing for the driver's " ..
      "handler; the line stays up until the handler acknowledges it" },
  { "invalidate", "drop a line without writing it; the next load reads memory. Stores in it are " ..
      "lost" },
  { "iommu", "translates the addresses of a device as an MMU does those of the CPU, and stops what " ..
      "nobody mapped for it; the boards x86-iommu and arm64-smmu have one. show iommu" },
  { "iotlb", "the translations an IOMMU remembers; one that was unmapped works until it is " ..
      "flushed: at once (iommu=strict), or later, many at a time (iommu=lazy)" },
  { "iova", "an address of a device behind an IOMMU: it means the RAM its mapping was made for, " ..
      "and nothing once that is unmapped" },
  { "keyframe", "the present state told as events (key.ram, key.line ...), for a reader that " ..
      "comes late: after undo, or when a view is opened in a long session" },
  { "kmalloc-N", "the pool of blocks of N bytes that kmalloc serves such sizes from; " ..
      "cat /proc/slabinfo counts them" },
  { "l1", "the cache next to the CPU, the first to be asked" },
  { "l2", "the second, larger cache, between L1 and RAM" },
  { "lane", "who an event is about: CPU, cache, bus, device, kernel" },
  { "line", "what a cache moves at once, 64 bytes on most boards: maintenance acts on whole " ..
      "lines, so data that share one share its fate" },
  { "leftovers", "what a driver had mapped or allocated and did not give back, as unbind() and " ..
      "bind{} list it" },
  { "linear map", "where the kernel sees all of its RAM, in one piece: kmalloc memory lies there" },
  { "lru", "the line used longest ago makes room; plru nearly so, fifo the oldest one, random " ..
      "any" },
  { "mapping", "a live dma_map_single: at every moment either the CPU or the device owns its " ..
      "bytes" },
  { "mask", "the address bits a device has: DMA_BIT_MASK(32) for 32; dma_set_mask_and_coherent " ..
      "tells the kernel, before the first map" },
  { "memory", "RAM; kmalloc gives it in one piece, vmalloc page by page, ioremap shows what is " ..
      "not the kernel's" },
  { "misconception", "a belief behind a broken rule, M01 to M30: help misconceptions" },
  { "nents", "entries of a scatterlist: what dma_map_sg was called with, for unmap and sync " ..
      "too; what it answered is for the device alone" },
  { "oops", "the kernel's word for an address of the CPU's at which nothing is mapped, and for " ..
      "what it prints then" },
  { "OWN", "the bit of a descriptor that says whose it is: the driver sets it when all else is " ..
      "filled in (dma_wmb() before), the device clears it when it is done (dma_rmb() after)" },
  { "oracle", "a function that knows what is right: explore gives it what the driver returned, " ..
      "and it answers true or false" },
  { "owner", "who may touch a mapped buffer now: map gives it to the device, unmap and " ..
      "sync_for_cpu give it back" },
  { "pa", "a physical address: where a byte is in RAM; virt_to_phys tells it" },
  { "page", "4096 bytes, the unit the kernel hands memory out in" },
  { "passthrough", "iommu=passthrough: the IOMMU lets everything through, as if it were not there" },
  { "packet", "what a network card sends or receives at once: one descriptor or several" },
  { "phase", "a bit a device writes last into an entry of a ring, 1 in the first round, 0 in the " ..
      "second and so on: nobody need clear it to see that the entry is new" },
  { "period", "the part of a sound buffer after which the device interrupts, and goes on" },
  { "poison", "0x6b, written over freed memory so that using it is seen" },
  { "pool", "a DMA pool: blocks of coherent memory of one size (dma_pool_create), for what is " ..
      "smaller than a page; its list of free blocks lies inside them. kmalloc-64 and the like " ..
      "are pools of kmalloc" },
  { "predict", "predict(question, answer) in a driver of a lab says what you expect before it " ..
      "is seen; lab run and lab check tell whether it came so" },
  { "probe", "the driver's function that makes a device ready; bind{} calls it, unbind() calls " ..
      "remove" },
  { "ram", "the memory itself; caches hold copies of it, a device that does not snoop sees it " ..
      "alone" },
  { "recording", "every event of a session in a file: dmalab --record FILE; dmalab replay, draw " ..
      "and view read it" },
  { "register", "a word of a device, read by readl and written by writel at dev.bar (help edu)" },
  { "ring", "descriptors one behind the other, gone round for ever: the driver fills them, the " ..
      "device takes those with the OWN bit. help nic" },
  { "rule", "what a correct driver keeps; a broken one is named after a ! (help rules)" },
  { "schedule", "one way for the hardware to behave: a list of deviations from calm, each the " ..
      "number of a question and its answer. explore plays them, replay plays one again" },
  { "sector", "what a disk moves at least, 512 bytes" },
  { "seed", "the number nature's choices follow from: the same seed, the same choices" },
  { "segment", "one piece of memory of a transfer: address and length; a scatterlist has several" },
  { "set", "the few places of a cache where a line can go, chosen by its address: as many " ..
      "as the cache has ways" },
  { "sk_buff", "a packet: its head in one block of memory, more of it perhaps in fragments, " ..
      "which are parts of pages; alloc_skb, skb_put" },
  { "sleep", "give the CPU away and wait; a call that may do so (GFP_KERNEL, msleep) wants " ..
      "process context" },
  { "slot", "2 KiB of the bounce pool; a mapping takes as many as it needs, in one piece, 128 " ..
      "at most" },
  { "slab", "pages cut into blocks of one size, for kmalloc" },
  { "snoop", "a device asks the caches before it touches memory; a board either does (x86) or " ..
      "does not" },
  { "spinlock", "a mark around data two parts of a driver share; who holds one may not sleep. " ..
      "Here it is a name, and nobody ever waits" },
  { "stall", "a transfer that began and never ends: the device has to be stopped before its " ..
      "buffer is unmapped" },
  { "stale", "a copy of a byte is stale when somebody else wrote a newer one past it: who reads " ..
      "it reads the past" },
  { "state", "of a line: M modified (dirty), E exclusive, S shared, I not in use" },
  { "store buffer", "uncached stores and register writes on their way out of the CPU. They may " ..
      "leave late, and one before another that was stored first; a write barrier waits until " ..
      "all have left" },
  { "streaming", "a mapping for one transfer of a buffer the driver has: dma_map_single, " ..
      "dma_unmap_single" },
  { "strict", "iommu=strict: what is unmapped is forgotten by the IOTLB at once; iommu=lazy: " ..
      "later, many at a time, and until then the device still reaches it" },
  { "swiotlb", "the kernel's bounce buffers, for what a device cannot reach (the settings " ..
      "swiotlb, swiotlb_force); show bytes has a column for them" },
  { "sync", "give a mapped buffer to the CPU for a while (for_cpu) and back (for_device)" },
  { "trace", "the list of all events so far: show trace 20 prints the last 20" },
  { "urb", "a USB request block: a buffer to move, and the function that is called when it is " ..
      "done; usb_alloc_urb, usb_submit_urb" },
  { "va", "a virtual address, as the CPU uses it: what kmalloc, vmalloc and ioremap return" },
  { "violation", "a rule was broken; why() tells how it came about, violations lists them" },
  { "warning", "something to mend although nothing is lost yet; said once, listed by `violations all`" },
  { "way", "one of the places a set has for a line" },
  { "write-back", "a store stays in the cache until the line is cleaned or evicted; with " ..
      "write-through it goes to memory at once" },
  { "zone", "a part of RAM by address: DMA, DMA32, Normal; GFP_DMA asks for the first" },
}

-- Other names of these words.
local also = {
  M = "state", E = "state", S = "state", I = "state", modified = "state", exclusive = "state",
  pfn = "frame", plru = "lru", fifo = "lru", mmio = "register", bar = "register", seq = "event",
  slabinfo = "kmalloc-N", prefetch = "speculates", boot = "mem",
  ["write-through"] = "write-back", virtual = "va", physical = "pa", own = "owner", owns = "owner",
  beat = "bus", STALE = "stale", CMA = "cma", atomic = "atomic context",
  lock = "spinlock", sleeping = "sleep", process = "context", hang = "deadlock",
  lazy = "strict", skb = "sk_buff", remove = "probe", queue = "blk_alloc_queue",
  request = "blk_mq_alloc_request", direct = "back end", backend = "back end", calm = "nature",
  random = "nature", sg = "scatterlist", sgl = "scatterlist", sgt = "sg_alloc_table",
  sg_table = "sg_alloc_table", dma_debug = "dma-debug", frag = "sk_buff",
  endpoint = "usb_sndbulkpipe", pipe = "usb_sndbulkpipe", severity = "warning", remedy = "rule",
  belief = "misconception", dma_addr_t = "dma address", unit = "device", error = "violation",
  keyframe = "key.end", ["counter-example"] = "schedule", choice = "deviation",
  choices = "deviation", exhaustive = "bound", sampled = "bound",
}

local function glossary()
  local list = {}
  for i, word in ipairs(words) do list[i] = word[1] end
  say("help NAME explains one of them.")
  say(text.list(list, 78, "  "))
end

-- Lookup ---------------------------------------------------------------------------------------

local topics = {
  functions = functions, boards = boards, settings = setting_list, archs = archs, nature = nature,
  events = events, words = glossary, glossary = glossary,
  rules = rules, misconceptions = misconceptions,
  devices = function() for _, row in ipairs(core.devices) do device(row) end end,
}

local function by_name(list, key)
  return function(name)
    for _, row in ipairs(list) do
      if row[key or "name"] == name then return row end
    end
  end
end

local function word(name)
  for _, entry in ipairs(words) do
    if entry[1] == name then return { name = name, sentence = entry[2] } end
  end
end

-- Another name of a thing: an alias, another case, the plural, kmalloc-64.
local function other_name(name)
  local lower = name:lower()
  return also[name] or also[lower] or word(lower) and lower
      or word(lower:gsub("s$", "")) and lower:gsub("s$", "")
      or lower:find("^kmalloc%-%d+$") and "kmalloc-N"
end

local function board(name)
  for _, known in ipairs(settings.boards()) do
    if known == name then return { name = name, sentence = settings.board(name).about or "" } end
  end
end

local function plain(kind)
  return function(row) say(row.name, "  (", kind, ")") paragraph(row.sentence) end
end

local function board_help(row)
  plain("a board")(row)
  say("  machine ", row.name, " switches it on")
  say("  show board ", row.name, " prints its settings")
end

-- Everything with a name: where to look it up, how to print it. A name may mean several things.
local kinds = {
  { function(name) return topics[name] end, function(topic) topic() end },
  { function(name) return session.commands[name] end, command_help },
  { by_name(core.api), function_help },
  { by_name(core.settings, "key"), setting },
  { board, board_help },
  { by_name(core.archs), arch_table },
  { by_name(core.rules), rule },
  { function(name) return misconception(name:upper()) end, misconception_help },
  { by_name(core.events), event },
  { by_name(core.devices), device },
  { by_name(core.choices), plain("a choice of nature") },
  { by_name(core.constants), function(row)
    say(row.name, " = ", text.hex(row.value), "  (a constant)")
    paragraph(row.help)
  end },
  { word, plain("a word") },
}

-- Every name help knows: for completion and for guesses.
function help.names()
  local names = {}
  local function add(list, key)
    for _, row in ipairs(list) do names[#names + 1] = row[key or "name"] end
  end
  for name in pairs(topics) do names[#names + 1] = name end
  for _, list in ipairs { session.commands, core.api, core.archs, core.rules, core.events,
      core.devices, core.choices,
                          core.constants } do
    add(list)
  end
  add(core.settings, "key")
  add(words, 1)
  add(require "misconceptions", "id")
  for _, name in ipairs(settings.boards()) do names[#names + 1] = name end
  return names
end

local function of_value(value)
  for _, row in ipairs(core.api) do
    local there = _G
    for part in row.name:gmatch("[^.]+") do
      there = type(there) == "table" and there[part] or nil
    end
    if there == value then return row.name end
  end
  for _, row in ipairs(session.commands) do
    if row.run == value then return row.name end
  end
end

-- Prints all that has this name; true when there was any.
local function print_all(name)
  local found = false
  for _, kind in ipairs(kinds) do
    local row = kind[1](name) or kind[1](name:gsub("%(.*$", ""))
    if row then
      if found then say() end
      kind[2](row)
      found = true
    end
  end
  return found
end

function help.help(...)
  local name = ...
  if name == nil then return overview() end
  if type(name) == "function" then name = of_value(name) or "functions" end
  name = table.concat({ tostring(name), select(2, ...) }, " ")
  local other = other_name(name)
  if print_all(name) or other and print_all(other) then return end
  error("no help for " .. name .. near.hint(name, help.names()) .. "\n  `help` lists what there is",
      0)
end

return help
