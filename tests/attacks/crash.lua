-- Corners of Lua's own compiler and machine in which some version fell.
-- comes to: done 0
local function corner()
  local _ENV <const> = {}
  x = 1
  return function() return y end
end
pcall(corner)
pcall(load)
pcall(string.rep, "x", -1)
pcall(string.format, "%.99f", 1e308)
pcall(utf8.codepoint, "\xff\xff\xff\xff\xff\xff", 1, -1, true)
pcall(string.unpack, "!16 s16", "x", math.mininteger)
pcall(select, math.mininteger, 1)
pcall(table.unpack, {}, math.mininteger, math.maxinteger)
pcall(function() for _ = math.mininteger, math.maxinteger, math.maxinteger do end end)
pcall(function() return 1 // 0, math.mininteger // -1, math.mininteger % -1 end)
coroutine.wrap(function() coroutine.close(coroutine.create(print)) end)()
pcall(coroutine.close, coroutine.running())
pcall(coroutine.resume, coroutine.running())
function send() return nil end
