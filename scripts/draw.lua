-- `draw`: a moment of the session as a picture in a file.

local draw = {}

local takes = { at = true, theme = true, size = true, select = true, large = false }

-- The words behind the file's name; `--at 12` is `at 12`.
local function options_of(words)
  local options, i = {}, 1
  while words[i] do
    local name = tostring(words[i]):gsub("^%-%-", "")
    if takes[name] == nil or (takes[name] and words[i + 1] == nil) then
      error("draw takes a file, then: at MOMENT, size WxH, theme dark, large, select va\n" ..
          "  as in: draw stale.svg at violation:1 select buf", 0)
    end
    options[name] = takes[name] and words[i + 1] or "large"
    i = i + (takes[name] and 2 or 1)
  end
  return options
end

-- An address may be a variable of the user's.
local function address_of(word)
  local chunk = core.compile("return " .. tostring(word), "=line")
  local fine, value = pcall(chunk or error)
  return math.type(fine and value) == "integer" and string.format("0x%x", value) or word
end

function draw.draw(path, ...)
  if type(path) ~= "string" then error("draw wants a file name, as in: draw now.svg", 0) end
  local options = type((...)) == "table" and ... or options_of { ... }
  local wanted = { output = path, large = options.large and "large" or nil }
  for _, name in ipairs { "at", "theme", "size" } do
    wanted[name] = options[name] and tostring(options[name])
  end
  wanted.select = options.select and tostring(address_of(options.select))
  local why = core.draw(wanted)
  if why then error(why, 0) end
  if path ~= "-" then io.stdout:write("drawn: ", path, ", for a browser or a slide\n") end
end

return draw
