-- What the prompt says of a value: every answer tells what it is.

local text = require "text"

local answer = {}

local hex = text.hex

local function page_of(w) return "page " .. hex(w.pa >> 12) end

local function place(w) return "pa " .. hex(w.pa) .. ", " .. page_of(w) end

-- "kmalloc-256" or "kmalloc-256 + 8": an address inside a block says how far.
local function inside(name, w)
  if w.offset and w.offset ~= 0 then return name .. " + " .. hex(w.offset) end
  return name
end

local function freed(w) return w.freed and ", freed" or "" end

-- What an integer is, by core.what's kind.
local kinds = {
  kmalloc = function(w)
    return inside(w.cache or "kmalloc, " .. text.count(w.size >> 12, "page"), w) .. freed(w) .. ", "
        .. place(w)
  end,
  pages = function(w)
    return inside(w.size and text.count(w.size >> 12, "page") or "pages", w) .. freed(w) .. ", "
        .. place(w)
  end,
  slab = function(w) return inside(w.cache or "slab", w) .. freed(w) .. ", " .. place(w) end,
  vmalloc = function(w)
    return inside("vmalloc" .. (w.size and ", " .. text.count((w.size + 4095) >> 12, "page") or ""),
        w)
      .. (w.pa and ", here pa " .. hex(w.pa) or "")
  end,
  stack = function(w) return inside("stack", w) .. ", " .. place(w) end,
  ioremap = function(w) return inside("ioremap", w) .. (w.pa and ", pa " .. hex(w.pa) or "") end,
  coherent = function(w) return inside("coherent memory", w)
      .. (w.pa and ", " .. place(w) or "") end,
  linear = function(w) return "linear map, " .. place(w) end,
  uncached = function(w) return "uncached window, " .. place(w) end,
  page = function(w) return "struct page of " .. page_of(w) .. ", pa " .. hex(w.pa) end,
  register = function(w)
    return "register " .. hex(w.offset or 0) .. " of " .. (w.device or "the device")
  end,
  error = function() return "DMA_MAPPING_ERROR" end,
}

function kinds.dma(w)
  local m, of = w.mapping, inside("dma", w) .. " of pa " .. hex(w.pa)
  if not m then return of end
  if m.coherent then return of .. ", " .. text.count(m.size, "byte") .. " of coherent memory" end
  return of .. ", " .. text.count(m.size, "byte") .. " " .. m.dir .. ", "
      .. (m.owner == "cpu" and "CPU" or "device") .. " owns it"
end

-- The words for an integer, or nil when it is only a number.
function answer.what(n)
  local w = core.what(n)
  local words = w and kinds[w.kind]
  return words and words(w)
end

local function integer(n)
  local words = answer.what(n)
  if n == -1 then return "-1 (" .. words .. ")" end
  if words then return hex(n) .. " (" .. words .. ")" end
  if n >= 0 and n <= 9 then return tostring(n) end
  if n < 0 and n >= -4096 then return tostring(n) end
  return n .. " (" .. hex(n) .. ")"
end

local names_of_api
local function function_words(f)
  if not names_of_api then
    names_of_api = {}
    for _, row in ipairs(core.api) do
      local value = _G
      for part in row.name:gmatch("[^.]+") do
        value = type(value) == "table" and value[part] or nil
      end
      if value then names_of_api[value] = row end
    end
  end
  local row = names_of_api[f]
  return row and row.name .. "(" .. row.args .. ")" or "function"
end

local function element(value)
  if math.type(value) == "integer" then
    return answer.what(value) and hex(value) or tostring(value)
  end
  if type(value) == "string" then
    return #value > 24 and text.count(#value, "byte") or text.string(value)
  end
  if type(value) == "table" then return "{...}" end
  if type(value) == "function" then return "function" end
  return tostring(value)
end

-- A table on one line as far as that goes.
local function short_table(t)
  local parts, length, hidden = {}, 0, 0
  local function add(part)
    if length + #part > 66 then hidden = hidden + 1 return end
    parts[#parts + 1] = part
    length = length + #part + 2
  end
  for _, value in ipairs(t) do add(element(value)) end
  local named = {}
  for key in pairs(t) do
    if not (math.type(key) == "integer" and key >= 1 and key <= #t) then named[#named + 1] = key end
  end
  table.sort(named, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(named) do add(tostring(key) .. " = " .. element(t[key])) end
  if hidden > 0 then parts[#parts + 1] = "... " .. hidden .. " more" end
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

-- masks: a number whose bits are all set is a mask, not DMA_MAPPING_ERROR.
function answer.text(value, masks)
  if masks and value == -1 then return "0xffffffffffffffff (all 64 bits)" end
  if math.type(value) == "integer" then return integer(value) end
  if type(value) == "string" then return text.string(value) end
  if type(value) == "function" then return function_words(value) end
  if type(value) == "table" then
    local meta = getmetatable(value)
    return meta and meta.__tostring and tostring(value) or short_table(value)
  end
  return tostring(value)
end

return answer
