-- TAP 14. A string of JSON is one of YAML as well. In a description `#` begins a directive.

local words = require "grade/words"

local function description(s) return (words.line(s):gsub("[\\#]", "\\%0")) end

local function why(check, r)
  local out = { "  ---" }
  for _, pair in ipairs { { "message", words.line(check.message or "") },
      { "severity", check.outcome }, { "code", check.code }, { "points", check.points },
      { "max", check.max }, { "seed", r.seed }, { "why", words.why_text(check) } } do
    out[#out + 1] = ("  %s: %s"):format(pair[1], core.json(pair[2], true))
  end
  out[#out + 1] = "  ...\n"
  return table.concat(out, "\n")
end

return {
  about = "TAP 14",
  extension = "tap",
  write = function(r)
    local out = { "TAP version 14\n", ("1..%d\n"):format(#r.checks) }
    for i, check in ipairs(r.checks) do
      local passed = check.outcome == "pass"
      out[#out + 1] = ("%s %d - %s\n"):format(passed and "ok" or "not ok", i,
          description(check.title))
      if not passed then out[#out + 1] = why(check, r) end
    end
    return table.concat(out)
  end,
}
