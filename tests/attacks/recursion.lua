-- Recursion as deep as it goes: of functions, of pcall, of metamethods, of gsub, of sort.
-- comes to: done 0, used up its instructions
local function deep() return 1 + deep() end
local function guarded() return pcall(guarded) end
local object = setmetatable({}, {})
getmetatable(object).__index = function(_, key) return object[key .. "x"] end
local function by_gsub(s) return s:gsub(".", by_gsub) end
local function by_sort() table.sort({ 1, 2, 3 }, by_sort) end
function send()
  pcall(deep)
  pcall(guarded)
  pcall(function() return object.x end)
  pcall(by_gsub, "aa")
  pcall(by_sort)
  return deep()
end
