-- Functions of C that go round for ever without a byte of memory.
-- comes to: done 0, used up its instructions
local endless = setmetatable({}, { __len = function() return 1 << 60 end })
function send()
  while true do
    pcall(table.move, {}, 1, 1 << 62, 2)
    pcall(table.insert, endless, 1, 0)
    pcall(table.remove, endless, 1)
    pcall(table.unpack, {}, 1, 900000)
    pcall(table.concat, endless)
  end
end
