-- `show`: the state of the machine as aligned text.

local near = require "near"
local session = require "session"
local settings = require "settings"
local text = require "text"

local show = {}

local hex = text.hex

local function say(...)
  io.stdout:write(...)
  io.stdout:write("\n")
end

-- Caches ---------------------------------------------------------------------------------------

local LINES_SHOWN = 40

local homes = { store_buffer = "buffer", l1 = "L1", l2 = "L2", ram = "RAM" }
local order = { "store_buffer", "l1", "l2", "ram" }   -- from the CPU outwards

local function copies_at(pa)
  local by = {}
  for _, copy in ipairs(core.copies(pa)) do by[copy.at] = copy end
  return by
end

-- What an old copy is. "stale": a newer one lies farther out, somebody wrote past it. "behind": the
-- newer one is nearer to the CPU and has not been written back; and where that one is.
local function age_of(by, at)
  local copy, farther, nearer = by[at], false, nil
  if not copy or not copy.stale then return end
  for _, home in ipairs(order) do
    if home == at then
      farther = true
    elseif by[home] and by[home].event > copy.event then
      if farther then return "stale" end
      nearer = nearer or homes[home]
    end
  end
  return nearer and "behind", nearer
end

-- The worst that can be said of the bytes of a line.
local function line_age(line, level)
  local behind
  for offset = 0, #line.bytes - 1 do
    local age, nearer = age_of(copies_at(line.pa + offset), "l" .. level)
    if age == "stale" then return text.paint("red", "STALE") end
    behind = behind or nearer and "behind " .. nearer
  end
  return behind
end

local function some_bytes(s, n)
  local out = {}
  for i = 1, math.min(n, #s) do out[i] = string.format("%02x", s:byte(i)) end
  return table.concat(out, " ") .. (#s > n and " .." or "")
end

-- Age inside the set: 0 was used last, the highest makes room first.
local function ages(lines)
  local by_set = {}
  for _, l in ipairs(lines) do
    by_set[l.set] = by_set[l.set] or {}
    table.insert(by_set[l.set], l)
  end
  local age = {}
  for _, set in pairs(by_set) do
    table.sort(set, function(a, b) return a.used > b.used end)
    for i, l in ipairs(set) do age[l] = i - 1 end
  end
  return age
end

local function cache_rows(lines, level, info)
  local rows = { { "set", "way", "state", "pa", info.policy == "lru" and "age" or "", "bytes",
      "" } }
  local age = ages(lines)
  for i, l in ipairs(lines) do
    if i > LINES_SHOWN then break end
    local marks = { l.state == "M" and "dirty" or nil }
    marks[#marks + 1] = line_age(l, level)
    rows[#rows + 1] = { tostring(l.set), tostring(l.way), l.state, hex(l.pa),
                        info.policy == "lru" and tostring(age[l]) or "", some_bytes(l.bytes, 8),
                            table.concat(marks, " ") }
  end
  return rows
end

local function cache_level(level)
  local info = core.cache_info(level)
  if not info then return false end
  local valid, dirty, sets = {}, 0, {}
  for _, l in ipairs(core.lines(level)) do
    if l.state ~= "I" then
      valid[#valid + 1] = l
      dirty = dirty + (l.state == "M" and 1 or 0)
      sets[l.set] = true
    end
  end
  local full = 0
  for _ in pairs(sets) do full = full + 1 end
  say(string.format("L%d: %d sets x %d ways x %d bytes, %s; %s, %d dirty; %s", level, info.sets,
      info.ways, info.line,
                    info.policy, text.count(#valid, "line"), dirty,
                        text.count(info.sets - full, "set") .. " empty"))
  if #valid > 0 then
    say(text.columns(cache_rows(valid, level, info), { true, true, false, false, true }, "  "))
    if #valid > LINES_SHOWN then
      say("  ... ", tostring(#valid - LINES_SHOWN), " more lines; show line VA shows one")
    end
  end
  return true
end

local function show_cache(level)
  if level == nil then
    cache_level(1)
    cache_level(2)
  else
    local n = math.tointeger(tonumber(level))
    if n ~= 1 and n ~= 2 then error("show cache takes 1 or 2, the level", 0) end
    if not cache_level(n) then return say("this board has no second level cache") end
  end
  say("M modified (dirty), E exclusive, S shared", core.cache_info(1).policy == "lru"
      and "; age 0 was used last" or "")
end

-- Addresses of command words -------------------------------------------------------------------

-- Why this word is no address.
local function no_address(word, command)
  local wants = "show " .. command .. " wants an address"
  if word == nil then return wants .. ", as in: show " .. command .. " buf" end
  local name = tostring(word):match("^[%a_][%w_]*$")
  if not name or rawget(_G, name) ~= nil then
    return wants .. "; " .. tostring(word) .. " is none"
  end
  if require("line").assigned[name] then
    return name .. " is nil: the call that should have set it gave nothing, or undo took it back"
  end
  local hint = near.hint(name, require("line").names())
  return name .. " is nil: nothing was assigned to it yet"
      .. (hint ~= "" and hint or "\n  " .. name .. " = kmalloc(64) gives it a block of memory")
end

local function address(word, command)
  local va = type(word) == "string" and require("line").value(word) or word
  if math.type(va) ~= "integer" then error(no_address(word, command), 0) end
  local pa, attr = core.translate(va)
  if not pa then
    local w = core.what(va)
    if w and w.kind == "dma" and w.pa then
      va = require("why").va_of(w.pa)
      pa, attr = core.translate(va)
    end
  end
  if not pa then error("nothing is mapped at " .. hex(va), 0) end
  return va, pa, attr
end

local function is_ram(pa)
  local b = core.board()
  return pa < b.ram or (b.ram2 > 0 and pa >= b.ram2_at and pa < b.ram2_at + b.ram2)
end

local function count_word(word, normal, most, what)
  if word == nil then return normal end
  local n = type(word) == "string" and require("line").value(word) or word
  if math.type(n) ~= "integer" or n < 1 then error(what .. " is a number, 1 or more", 0) end
  return math.min(n, most)
end

-- One line -------------------------------------------------------------------------------------

local function in_caches(pa)
  local found = {}
  for level = 1, 2 do
    for _, l in ipairs(core.lines(level) or {}) do
      if l.state ~= "I" and pa >= l.pa and pa < l.pa + #l.bytes then
        found[#found + 1] = string.format("L%d set %d way %d %s", level, l.set, l.way, l.state)
      end
    end
  end
  return #found > 0 and table.concat(found, ", ") or "in no cache"
end

local signs = { stale = "~", behind = "<" }

-- 16 bytes as one copy has them, old ones marked; nil when there is no such copy.
local function line_row(pa, at, n)
  local cells, any = {}, false
  for offset = 0, n - 1 do
    local by = copies_at(pa + offset)
    local copy = by[at]
    cells[#cells + 1] = copy and string.format("%s%02x", signs[age_of(by, at)] or " ", copy.value)
        or " --"
    any = any or copy ~= nil
  end
  return any and table.concat(cells) or nil
end

-- Copies that agree share a row.
local function line_rows(pa, n, label)
  local rows, by_bytes = {}, {}
  for _, home in ipairs(order) do
    local bytes = line_row(pa, home, n)
    local row = bytes and by_bytes[bytes]
    if row then
      row[2] = row[2] .. " " .. homes[home]
    elseif bytes then
      by_bytes[bytes] = { label, homes[home], bytes }
      rows[#rows + 1] = by_bytes[bytes]
    end
  end
  return rows
end

local function show_line(word)
  local _, pa = address(word, "line")
  if not is_ram(pa) then error("this is no RAM: no cache line holds it", 0) end
  local size = core.cache_info(1).line
  local base, rows = pa - pa % size, {}
  local va = require("why").va_of(base)
  local where, held = "line " .. require("why").range(va, size) .. ", pa " .. hex(base) .. ":",
      in_caches(base)
  say(where, #where + #held < 78 and " " or "\n  ", held)
  for at = 0, size - 1, 16 do
    local part = line_rows(base + at, math.min(16, size), string.format("+%02x", at))
    table.move(part, 1, #part, #rows + 1, rows)
  end
  local shown = text.columns(rows, nil, "  ")
  say(shown)
  if shown:find("~", 1, true) then say("~ stale: somebody else wrote newer bytes farther out") end
  if shown:find("<", 1, true) then
    say("< behind: the CPU's newer store lies nearer to it, not written back yet")
  end
end

-- The truth about bytes ------------------------------------------------------------------------

local function cell(by, at)
  local copy, age = by[at], age_of(by, at)
  if not copy then return "-" end
  return string.format("%02x", copy.value) .. (age and " " .. age or "")
end

-- What a side gets when it reads: for it an old byte is stale, wherever the newer one is.
local function sight(copy)
  if not copy then return "-" end
  return string.format("%02x", copy.value) .. (copy.stale and " stale" or "")
end

-- The copy the CPU would read, and the one the device would.
local function seen_by(by, cached, coherent)
  local cpu
  for _, home in ipairs(order) do
    if by[home] and (cached or home == "ram" or home == "store_buffer") then
      cpu = by[home]
      break
    end
  end
  local device = by.ram
  if coherent and (by.l1 or by.l2) then device = by.l1 or by.l2 end
  return cpu, device
end

local function newest(pa)
  local copy = core.copies(pa)[1]
  if not copy or not copy.by or copy.by == "nobody" then return "none" end
  return (copy.by == "cpu" and "CPU" or copy.by) .. ", event " .. copy.event
end

-- Where a byte's bounce buffer has it, when it is mapped through one.
local function bounced(pa)
  local pool = core.swiotlb()
  for _, m in ipairs(pool and core.mappings() or {}) do
    local slot = m.dma - core.board().bus_offset
    if pa >= m.pa and pa < m.pa + m.size and slot ~= m.pa
        and slot >= pool.start and slot < pool.start + pool.size then
      return slot + pa - m.pa
    end
  end
end

local function truth(pa, attr, coherent, levels)
  local by, slot = copies_at(pa), bounced(pa)
  local cpu, device = seen_by(by, attr == "cached", coherent)
  local there = slot and copies_at(slot)
  if slot then device = select(2, seen_by(there, true, coherent)) end
  local row = { sight(cpu), cell(by, "store_buffer"), cell(by, "l1") }
  if levels > 1 then row[#row + 1] = cell(by, "l2") end
  row[#row + 1] = cell(by, "ram")
  row[#row + 1] = slot and cell(there, "ram") or "-"
  row[#row + 1] = sight(device)
  row[#row + 1] = newest(pa)
  return row
end

-- A column without a single copy in it is left out.
local function without_empty(rows, column)
  for i = 2, #rows do
    if rows[i][column] ~= "-" then return end
  end
  for _, row in ipairs(rows) do table.remove(row, column) end
end

-- Bytes in a row that are alike in every copy share a line.
function show.bytes(va, n)
  local coherent, levels = core.board().coherent, core.cache_info(2) and 2 or 1
  local rows = { { "byte", "CPU sees", "buffer", "L1" } }
  if levels > 1 then table.insert(rows[1], "L2") end
  for _, title in ipairs { "RAM", "bounce", "device sees", "last write" } do
    table.insert(rows[1], title)
  end
  local start, last_key, last = 0, nil, nil
  local function close(stop)
    if last then
      table.insert(last, 1, "+" .. start .. (stop - start > 1 and ".." .. stop - 1 or ""))
      rows[#rows + 1] = last
    end
  end
  for i = 0, n - 1 do
    local pa, attr = core.translate(va + i)
    local row = pa and is_ram(pa) and truth(pa, attr, coherent, levels)
    local key = row and table.concat(row, "|")
    if key ~= last_key then
      close(i)
      start, last, last_key = i, row or nil, key
    end
  end
  close(n)
  local pa, attr = core.translate(va)
  say(require("why").range(va, n), ", pa ", hex(pa), attr ~= "cached" and ", " .. attr or "")
  without_empty(rows, levels > 1 and 7 or 6)
  without_empty(rows, 3)   -- the store buffer is empty most of the time
  local shown = text.columns(rows, nil, " ")
  say(shown)
  if shown:find("stale", 1, true) then
    say("stale: newer bytes were written elsewhere; who reads this gets the old ones")
  end
  if shown:find("behind", 1, true) then
    say("behind: the CPU's newer store lies nearer to it, not written back yet")
  end
end

local function show_bytes(word, n)
  local va, pa = address(word, "bytes")
  if not is_ram(pa) then error("this is a device's register, not memory: readl reads it", 0) end
  show.bytes(va, count_word(n, 8, 4096, "the number of bytes"))
end

-- Pages, mappings, stores ----------------------------------------------------------------------

local function show_pages()
  local b = core.board()
  local last = (b.ram2 > 0 and b.ram2_at + b.ram2 or b.ram) >> 12
  local rows, run = { { "pages", "", "zone", "use" } }, nil
  local function close()
    if not run or run.kind == "absent" and run.hidden == 0 then return end
    rows[#rows + 1] = { hex(run.first, 5) .. ".." .. hex(run.last, 5),
        tostring(run.last - run.first + 1),
                        run.zone or "-", run.use }
  end
  local uses = { free = "free", reserved = "kernel image", absent = "not the kernel's",
      tail = "part of a block",
                 pages = "__get_free_pages", kmalloc = "kmalloc, by the page", vmalloc = "vmalloc",
                     coherent = "coherent memory" }
  for _, f in ipairs(core.frames(0, last)) do
    local pages = f.kind == "absent" and 1 or 1 << (f.order or 0)
    local use = f.kind == "slab" and (f.cache or "slab") or uses[f.kind] or f.kind
    if run and run.use == use and run.zone == f.zone and run.last + 1 == f.pfn then
      run.last = f.pfn + pages - 1
    else
      close()
      run = { first = f.pfn, last = f.pfn + pages - 1, use = use, zone = f.zone, kind = f.kind,
          hidden = 1 }
    end
  end
  close()
  say(text.columns(rows, { false, true }))
end

-- Pieces of one mapping (a segment an IOMMU made of several buffers) are one row, as the device has
-- them: one range.
local function whole_mappings()
  local list, by = {}, {}
  for _, m in ipairs(core.mappings()) do
    local whole = by[m.seq]
    if whole then
      whole.dma = math.min(whole.dma, m.dma)
      whole.size = whole.size + m.size
      whole.pieces = (whole.pieces or 1) + 1
    else
      by[m.seq] = m
      list[#list + 1] = m
    end
  end
  return list
end

-- The table of the IOMMU, and what it still remembers though it is gone from there.
local function show_iommu()
  local iommu = core.iommu()
  if not iommu then
    return say("devices reach memory directly: this board has no IOMMU that translates")
  end
  local rows = { { "device", "dma", "bytes", "pa", "the device may" } }
  for _, e in ipairs(iommu.table) do
    rows[#rows + 1] = { core.devices[e.device + 1].name, hex(e.dma), tostring(e.size), hex(e.pa),
        e.prot == "both" and "read and write" or e.prot }
  end
  for _, e in ipairs(iommu.iotlb) do
    if e.stale then
      rows[#rows + 1] = { core.devices[e.device + 1].name, hex(e.dma), "4096", hex(e.pa),
          "unmapped, but remembered (IOTLB)" }
    end
  end
  if #rows > 1 then say(text.columns(rows, { false, false, true })) end
  say(iommu.used, iommu.used == 1 and " entry" or " entries", " in use, ",
      text.count(#iommu.iotlb, "translation"), " remembered, ",
      text.count(iommu.queued, "unmap"), " not flushed yet")
end

local function show_mappings()
  local live = whole_mappings()
  if #live == 0 then return say("nothing is mapped") end
  local rows = { { "dma", "size", "direction", "owner", "checked", "memory" } }
  local others = false
  for _, m in ipairs(live) do others = others or m.device > 0 end
  if others then rows[1][7] = "device" end
  for _, m in ipairs(live) do
    rows[#rows + 1] = { hex(m.dma), tostring(m.size), m.coherent and "coherent" or m.dir,
                        m.coherent and "both" or m.owner == "cpu" and "CPU" or "device",
                        not m.to_check and "-" or m.checked and "yes" or "no",
                        (m.va and m.va ~= 0 and require("why").range(m.va, 1) or "pa " .. hex(m.pa))
                            .. (m.pieces and ", " .. m.pieces .. " pieces" or ""),
                        others and core.devices[m.device + 1].name or nil }
  end
  say(text.columns(rows, { false, true }))
end

local function show_stores()
  local pending = core.stores()
  if #pending == 0 then return say("the store buffer is empty") end
  local rows = { { "", "pa", "value", "bytes", "leaves at cycle" } }
  for i, s in ipairs(pending) do
    rows[#rows + 1] = { i == 1 and "oldest" or "", hex(s.pa), hex(s.value, 2 * s.size),
        tostring(s.size), tostring(s.due) }
  end
  say(text.columns(rows))
end

local function show_devices()
  local rows = { { "device", "unit", "registers", "state", "interrupt" } }
  for i, now in ipairs(core.devices_now()) do
    local row = core.devices[i]
    rows[#rows + 1] = { row.name, tostring(i - 1), "pa " .. hex(row.bar),
                        now.busy and "busy" or "idle",
                        now.irq and "up, " .. hex(now.irq_bits) or "down" }
  end
  say(text.columns(rows, { false, true }))
end

-- Board and trace ------------------------------------------------------------------------------

local function board_cells(values)
  local cells = {}
  for _, row in ipairs(core.settings) do
    local value = values[row.key]
    if value == nil then value = row.default end
    cells[#cells + 1] = { value == row.default and "" or "*", row.key, settings.shown(row, value) }
  end
  return cells
end

local function show_board(name)
  local about, values
  if name then
    local board = settings.board(name)
    about, values = "board " .. name .. ": " .. (board.about or ""), settings.checked(board)
  else
    local chosen = session.chosen
    about, values = "board " .. chosen.board .. (next(chosen.own) and ", changed: "
        .. settings.line():match("^machine{ (.*) }$") or ""),
      core.board()
  end
  local cells, rows = board_cells(values), {}
  local half = (#cells + 1) // 2
  for i = 1, half do
    rows[i] = table.move(cells[i], 1, 3, 1, {})
    if cells[i + half] then table.move(cells[i + half], 1, 3, 4, rows[i]) end
  end
  say(about)
  say(text.columns(rows, nil, "  "))
  say("* differs from the board arm64; help KEY explains a setting")
end

local function show_trace(n)
  local first, next_seq = core.trace()
  n = count_word(n, 20, 100000, "the number of events")
  for seq = math.max(first, next_seq - n), next_seq - 1 do say(core.event(seq).text) end
end

-- show -----------------------------------------------------------------------------------------

local parts = {
  cache = show_cache, line = show_line, pages = show_pages, mappings = show_mappings,
      board = show_board,
  trace = show_trace, bytes = show_bytes, stores = show_stores, devices = show_devices,
      iommu = show_iommu,
  violations = function() say(tostring(require("why").violations())) end,
}

function show.show(what, ...)
  local row = session.commands.show
  if what == nil then error("show what?\n" .. text.labelled("  show", 7, row.args), 0) end
  local part = parts[what]
  if not part then
    error("there is nothing called " .. tostring(what) .. " to show"
        .. near.hint(tostring(what), row.complete)
          .. "\n" .. text.labelled("  show", 7, row.args), 0)
  end
  part(...)
end

return show
