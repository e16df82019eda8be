-- Whose numbers: those of the question's variant.

local file = io.open(arg[1])
local data = file and core.from_json(file:read("a")) or {}
io.stdout:write(tostring(data.variant_seed or ""), "\n")
