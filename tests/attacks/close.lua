-- __close without an end, and one that makes another.
-- comes to: done 0, used up its instructions
local meta = {}
function meta.__close()
  local _ <close> = setmetatable({}, meta)
  while true do end
end
function send()
  while true do
    pcall(function()
      local _ <close> = setmetatable({}, meta)
      error "go"
    end)
  end
end
