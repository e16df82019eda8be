-- For a person.

local text = require "text"

local marks = { pass = "ok", fail = "--", error = "??" }

local function labelled(out, label, words)
  out[#out + 1] = text.labelled(label, #label + 1, words, 78)
end

local function moment(out, check)
  for _, line in ipairs(check.moment or {}) do
    labelled(out, line.here and "      =>" or "        ", line.text)
  end
end

local function story(out, check)
  if not check.deviations or check.deviations == 0 then return end
  out[#out + 1] = "      hardware may do this:"
  for _, sentence in ipairs(check.story) do labelled(out, "      -", sentence) end
end

local function one(out, check)
  labelled(out, ("  %s %d/%d"):format(marks[check.outcome], check.points, check.max), check.title)
  if check.outcome == "pass" then return end
  for line in (check.message or ""):gmatch("[^\n]+") do labelled(out, "     ", line) end
  if check.board then out[#out + 1] = "      on board " .. check.board end
  story(out, check)
  moment(out, check)
end

return {
  about = "for a person to read",
  extension = "txt",
  write = function(r)
    local out = { ("%s: %d of %d points"):format(r.lab, r.score, r.max) }
    if r.message then labelled(out, " ", r.message) end
    for _, check in ipairs(r.checks) do one(out, check) end
    if r.printed and r.printed ~= "" then
      out[#out + 1] = "  what it printed:"
      for line in r.printed:gmatch("[^\n]+") do out[#out + 1] = "    " .. line end
    end
    if r.sandbox ~= "full" then out[#out + 1] = "  sandbox: " .. r.sandbox end
    return table.concat(out, "\n") .. "\n"
  end,
}
