-- How numbers, bytes and tables are written for people: plain text, aligned, 80 columns.

local text = { colour = false }

local codes = { bold = "1", red = "31", green = "32", yellow = "33", blue = "34", dim = "2" }

-- Colour helps the eye; it never says anything the words do not.
function text.paint(name, s)
  if not text.colour then return s end
  return "\27[" .. codes[name] .. "m" .. s .. "\27[0m"
end

function text.hex(n, digits)
  return string.format("0x%0" .. (digits or 1) .. "x", n)
end

-- The same 64 bits as a number that is never negative.
function text.unsigned(n)
  if n >= 0 then return tostring(n) end
  local tenth = (n >> 1) // 5
  return tenth .. tostring(n - tenth * 10)
end

-- A name packed into numbers, 8 bytes each, least significant first.
function text.packed(...)
  local bytes = {}
  for i, n in ipairs { ... } do bytes[i] = string.pack("<i8", n) end
  return (table.concat(bytes):gsub("%z.*", ""))
end

local units = { { "G", 1 << 30 }, { "M", 1 << 20 }, { "K", 1 << 10 } }

-- 33554432 as "32M"; what is no whole number of K stays a plain number.
function text.size(n)
  for _, unit in ipairs(units) do
    if n ~= 0 and n % unit[2] == 0 then return n // unit[2] .. unit[1] end
  end
  return tostring(n)
end

function text.count(n, word)
  return n .. " " .. word .. (n == 1 and "" or "s")
end

-- A size as events and violations keep it, in 32 bits: the largest stands for all beyond.
function text.bytes(n)
  return n >= 0xffffffff and "4 GiB or more" or text.count(n, "byte")
end

-- Break into lines of at most `width` columns; lines after the first begin with `indent`.
function text.wrap(s, width, indent)
  local out, line = {}, ""
  for word in s:gmatch("%S+") do
    if line ~= "" and #line + 1 + #word > width then
      out[#out + 1] = line
      line = (indent or "") .. word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  out[#out + 1] = line
  return table.concat(out, "\n")
end

-- A label in a column of its own, the words beside it.
function text.labelled(label, width, words, total)
  local pad = (" "):rep(math.max(label:find("%S") and 1 or 0, width - #label))
  return label .. pad .. (text.wrap(words, (total or 78) - width):gsub("\n", "\n"
      .. (" "):rep(width)))
end

-- Rows of strings as aligned columns, two blanks between. right[i]: column i is set to the right.
function text.columns(rows, right, indent)
  local width = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do width[i] = math.max(width[i] or 0, utf8.len(cell) or #cell) end
  end
  local out = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local pad = (" "):rep(width[i] - (utf8.len(cell) or #cell))
      cells[i] = right and right[i] and pad .. cell or cell .. pad
    end
    out[#out + 1] = (indent or "") .. table.concat(cells, "  "):gsub("%s+$", "")
  end
  return table.concat(out, "\n")
end

-- Many short words in as many columns as fit.
function text.list(words, width, indent)
  local longest = 0
  for _, word in ipairs(words) do longest = math.max(longest, #word) end
  local per_row = math.max(1, (width - #indent) // (longest + 2))
  local rows = {}
  for i, word in ipairs(words) do
    local row = (i - 1) // per_row + 1
    rows[row] = (rows[row] or indent) .. word .. (" "):rep(longest + 2 - #word)
  end
  for i, row in ipairs(rows) do rows[i] = row:gsub("%s+$", "") end
  return table.concat(rows, "\n")
end

local function bytes_of(s)
  return (s:gsub(".", function(c) return string.format("%02x ", c:byte()) end):sub(1, -2))
end

-- A hex dump, 16 bytes a row, equal rows folded, at most `limit` rows.
local function dump(s, limit)
  local out, previous, folded = {}, nil, false
  for at = 0, #s - 1, 16 do
    local row = s:sub(at + 1, at + 16)
    if row == previous and at + 16 < #s then
      if not folded then out[#out + 1] = "  *" end
      folded = true
    elseif #out >= limit then
      out[#out + 1] = "  ... " .. text.count(#s - at, "byte") .. " more"
      break
    else
      local plain = row:gsub("[^\32-\126]", ".")
      out[#out + 1] = string.format("  %04x  %-47s  %s", at, bytes_of(row), plain)
      folded = false
    end
    previous = row
  end
  return table.concat(out, "\n")
end

-- A string as a person wants to see it: quoted when it is text, as bytes when it is not.
function text.string(s)
  if s:find("^[\32-\126\n\t]*$") then
    local shown = #s > 200 and s:sub(1, 200) or s
    local quoted = '"' .. shown:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"):gsub("\t", "\\t") .. '"'
    return #s > 200 and quoted .. "... (" .. #s .. " bytes)" or quoted
  end
  if #s > 1 and s == s:sub(1, 1):rep(#s) then
    return string.format("%d bytes, all 0x%02x", #s, s:byte())
  end
  if #s <= 16 then return text.count(#s, "byte") .. ": " .. bytes_of(s) end
  return #s .. " bytes:\n" .. dump(s, 16)
end

return text
