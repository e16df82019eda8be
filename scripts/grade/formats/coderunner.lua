-- What a combinator template of Moodle's CodeRunner prints: one JSON object and nothing else.

local words = require "grade/words"

local function row(check)
  return { check.outcome == "pass" and 1 or 0, check.title, ("%d of %d"):format(check.points,
      check.max), words.why_text(check), 0 }
end

return {
  about = "Moodle: a combinator's answer",
  extension = "coderunner.json",
  write = function(r)
    local rows = { { "iscorrect", "Check", "Points", "What happened", "ishidden" } }
    for _, check in ipairs(r.checks) do rows[#rows + 1] = row(check) end
    return core.json({ fraction = words.share(r), testresults = rows,
        columnformats = { "%s", "%s", "%s" },
        epiloguehtml = "<p>" .. words.escaped(r.message or words.score(r)) .. "</p>",
        instructorhtml = "<p>" .. words.escaped(words.origin(r)) .. "</p>" }, true) .. "\n"
  end,
}
