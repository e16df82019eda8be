-- /autograder/results/results.json of Gradescope. No test is hidden: with a hidden one a student is
-- not shown the total. What a hidden variant is, a message does not say anyway.

local words = require "grade/words"

local function test(check)
  return { name = check.title, number = tostring(check.number), score = check.points,
      max_score = check.max, status = check.outcome == "pass" and "passed" or "failed",
      output = words.why_text(check), output_format = "text", name_format = "text",
      tags = { check.code }, visibility = "visible" }
end

local function leaderboard(r)
  local list = { { name = "points", value = r.score, order = "desc" } }
  if r.cost and r.score == r.max then
    list[2] = { name = "cycles", value = r.cost.cycles, order = "asc" }
    list[3] = { name = "bytes maintained", value = r.cost.maintained, order = "asc" }
  end
  return list
end

return {
  about = "Gradescope: results.json",
  extension = "gradescope.json",
  write = function(r)
    local tests = {}
    for i, check in ipairs(r.checks) do tests[i] = test(check) end
    return core.json { score = r.score, output = r.message or words.score(r), output_format = "text",
        visibility = "visible", stdout_visibility = "hidden", tests = tests,
        leaderboard = leaderboard(r), extra_data = { tool = r.tool, lab = r.lab, seed = r.seed,
            sandbox = r.sandbox } } .. "\n"
  end,
}
