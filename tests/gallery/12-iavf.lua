local gallery = require "gallery"

-- What a queue of the device needs: coherent memory for n rings of a page.
local function rings(n)
  local list = {}
  for i = 1, n do
    local va, dma = dma_alloc_coherent(dev, 4096)
    list[i] = { va = va or error("no memory", 0), dma = dma }
  end
  return list
end

local function give_back(list)
  for _, r in ipairs(list) do dma_free_coherent(dev, 4096, r.va, r.dma) end
end

return gallery {
  row = 12,
  driver = "net iavf",
  commit = "419831617ed349992c84344dbd9e627f9e68f842",
  wrong = "where the configuration was refused, probe returned with the admin queue still " ..
      "allocated",
  rule = "leak",

  broken = function()
    local queue = rings(2)
    local refused = #queue > 0
    if refused then return end
    give_back(queue)
  end,

  mended = function()
    local queue = rings(2)
    local refused = #queue > 0
    if refused then
      give_back(queue)
      return
    end
  end,
}
