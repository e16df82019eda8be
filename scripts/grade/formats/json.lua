-- Our own result object as it stands (../result.lua): what --merge reads.

return {
  about = "the whole result, for programs",
  extension = "json",
  write = function(r) return core.json(r) .. "\n" end,
}
