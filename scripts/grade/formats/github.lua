-- What the reporter of GitHub Classroom reads from STEP_RESULTS: JSON in base64, one line. Kept by
-- courses of their own workflows now that Classroom has closed.

local words = require "grade/words"

local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(bytes)
  local function four(three)
    local a, b, c = three:byte(1, 3)
    local n = a << 16 | (b or 0) << 8 | (c or 0)
    local out = ""
    for i = 0, #three do
      local at = (n >> 18 - 6 * i & 63) + 1
      out = out .. letters:sub(at, at)
    end
    return out .. ("="):rep(3 - #three)
  end
  return (bytes:gsub("..?.?", four))
end

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
    return base64(core.json({ status = status, max_score = r.max, tests = tests }, true)) .. "\n"
  end,
}
