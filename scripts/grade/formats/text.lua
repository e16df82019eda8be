-- For a person.

local text = require "text"
local words = require "grade/words"

local marks = { pass = "ok", fail = "--", error = "??" }

-- Where there was nothing to judge, that has been said once.
local function one(out, r, check, before)
  local label = ("  %s %d/%d"):format(marks[check.outcome], check.points, check.max)
  out[#out + 1] = text.labelled(label, #label + 1, check.title, 78)
  if check.message == r.message then return end
  for _, line in ipairs(words.why(check, before)) do out[#out + 1] = "      " .. line end
end

return {
  about = "for a person to read",
  extension = "txt",
  write = function(r)
    local out = { words.score(r) }
    for line in (r.message or ""):gmatch("[^\n]+") do
      out[#out + 1] = text.labelled("  ", 2, line, 78)
    end
    for i, check in ipairs(r.checks) do one(out, r, check, r.checks[i - 1]) end
    if r.printed and r.printed ~= "" then
      out[#out + 1] = "  what it printed:"
      for line in r.printed:gmatch("[^\n]+") do out[#out + 1] = "    " .. line end
    end
    if r.sandbox ~= "full" then out[#out + 1] = "  sandbox: " .. r.sandbox end
    return table.concat(out, "\n") .. "\n"
  end,
}
