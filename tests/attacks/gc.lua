-- Finalizers, which run where nobody counts; put in before and behind.
-- comes to: done 0, __gc and __mode are not there
function send()
  for _ = 1, 1000 do
    local meta = {}
    setmetatable({}, meta)
    meta.__gc = function() while true do end end
  end
  local s = ""
  for i = 1, 3000 do s = s .. i end
  setmetatable({}, { __gc = function() while true do end end })
end
