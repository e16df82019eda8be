-- Autolab: what a person reads, then the scores in the last line. The problems of the assessment
-- have the titles of the checks.

local text = require "grade/formats/text"

return {
  about = "Autolab: scores in the last line",
  extension = "autolab.txt",
  write = function(r)
    local scores = {}
    for _, check in ipairs(r.checks) do scores[check.title] = check.points end
    return text.write(r) .. core.json({ scores = scores, scoreboard = { r.score, r.cost and
        r.cost.cycles or 0 } }, true) .. "\n"
  end,
}
