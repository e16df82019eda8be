-- What the reporter of GitHub Classroom reads from STEP_RESULTS: JSON in base64, one line. Kept by
-- courses of their own workflows now that Classroom has closed.

local words = require "grade/words"

local function test(check)
  return { name = check.title, status = check.outcome, message = words.why_text(check),
      line_no = 0, score = check.points }
end

return {
  about = "GitHub Classroom: the RESULTS of a step",
  extension = "github.txt",
  write = function(r)
    local tests = {}
    for i, check in ipairs(r.checks) do tests[i] = test(check) end
    local status = r.score == r.max and "pass" or "fail"
    return words.base64(core.json({ status = status, max_score = r.max, tests = tests }, true)) .. "\n"
  end,
}
