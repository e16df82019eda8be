-- result.json of Classroom 50. Whose it is stands in the environment of its runner; the time is that
-- of the submission's tag, so that the same submission has the same result.

local words = require "grade/words"

local function from(name) return os.getenv(name) or "" end

local function datetime(tag)
  local day, hour, minute, second = tag:match("(%d%d%d%d%-%d%d%-%d%d)T(%d%d)%-(%d%d)%-(%d%d)Z")
  if not day then return os.date("!%Y-%m-%dT%H:%M:%SZ") end
  return ("%sT%s:%s:%sZ"):format(day, hour, minute, second)
end

local function test(check)
  return { ["test-name"] = check.title, passed = check.outcome == "pass", score = check.points,
      ["max-score"] = check.max, code = check.code, message = words.why_text(check) }
end

return {
  about = "Classroom 50: result.json",
  extension = "classroom50.json",
  write = function(r)
    local tests = {}
    for i, check in ipairs(r.checks) do tests[i] = test(check) end
    return core.json { schema = "classroom50/result/v1", classroom = from "CLASSROOM",
        assignment = from "ASSIGNMENT", submission = from "SUBMISSION_TAG",
        commit = from "COMMIT_URL", release = from "RELEASE_URL", review = from "REVIEW_URL",
        datetime = datetime(from "SUBMISSION_TAG"), score = r.score, ["max-score"] = r.max,
        tests = tests, seed = r.seed, tool = r.tool } .. "\n"
  end,
}
