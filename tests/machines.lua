-- The machines that tests in Lua are played on, and how to write one down as it would be typed.

local machines = {}

machines.boards = { "tiny", "arm64", "arm64-pre-5.19", "arm", "riscv", "mips", "x86" }

-- Back ends of the DMA API, each by the settings that choose it.
machines.backends = {
  {},
  { swiotlb = "1M", swiotlb_force = true },
  { iommu = "strict", dma_mask_bits = 32 },
  { iommu = "lazy", dma_mask_bits = 32 },
}

-- A table of settings as one would type it, the board first.
function machines.spelled(settings)
  local words = {}
  for key, value in pairs(settings) do
    if key ~= "board" then words[#words + 1] = ("%s = %q"):format(key, value) end
  end
  table.sort(words)
  if settings.board then table.insert(words, 1, ("board = %q"):format(settings.board)) end
  return "machine{ " .. table.concat(words, ", ") .. " }"
end

-- Seed 0 is the calm machine. A bounce pool is as large as all the RAM of tiny: it gets more then.
function machines.with(board, settings, seed)
  local all = { board = board }
  if board == "tiny" and settings and settings.swiotlb then all.ram = "2M" end
  for key, value in pairs(settings or {}) do all[key] = value end
  if seed > 0 then all.nature, all.seed = "random", seed end
  return all
end

-- Every board with every back end that fits it: a list of { board =, settings = }.
function machines.all()
  local list = {}
  for _, board in ipairs(machines.boards) do
    for _, settings in ipairs(machines.backends) do
      if pcall(machine, machines.with(board, settings, 0)) then
        list[#list + 1] = { board = board, settings = settings }
      end
    end
  end
  return list
end

return machines
