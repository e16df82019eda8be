-- Strings that double, by .., table.concat, format and gsub; buffers of the device's too.
-- comes to: done 0, used up its instructions
local function double(s) return s .. s end
function send()
  while true do
    local s = ("x"):rep(1 << 20)
    pcall(function() while true do s = double(s) end end)
    pcall(function() while true do s = table.concat({ s, s, s }, s) end end)
    pcall(string.format, "%99999d", 1)
    pcall(string.format, ("%99d"):rep(10000), 1)
    pcall(string.gsub, s, "x", s)
    pcall(string.pack, "!16s8s8", s, s)
  end
end
