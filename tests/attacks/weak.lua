-- Tables that are made weak behind setmetatable, to see when garbage is collected.
-- comes to: done 0, __gc and __mode are not there
function send(_, size, message)
  local meta = {}
  local weak = setmetatable({ {} }, meta)
  meta.__mode = "v"
  for i = 1, 1e4 do
    local _ = { i }
    if not weak[1] then return message .. ("."):rep(size - #message) end
  end
end
