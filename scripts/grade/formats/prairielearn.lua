-- /grade/results/results.json of PrairieLearn's external grading. A file that is no Lua is not
-- gradable there: it costs the student no attempt.

local files = require "grade/files"
local words = require "grade/words"

local function test(check)
  return { name = check.title, description = "", points = check.points, max_points = check.max,
      message = words.line(check.outcome == "pass" and "" or check.message or ""),
      output = words.why_text(check) }
end

-- The moment of the first failure, where it was drawn (--picture).
local function images(r, folder)
  local svg = r.picture and files.read(folder .. "/" .. r.picture)
  return svg and { { label = "the first failure", url = "data:image/svg+xml;base64," ..
      words.base64(svg) } } or nil
end

return {
  about = "PrairieLearn: results.json",
  extension = "prairielearn.json",
  write = function(r, folder)
    if r.state == "broken" then
      return core.json { gradable = false, format_errors = { r.message } } .. "\n"
    end
    local tests = {}
    for i, check in ipairs(r.checks) do tests[i] = test(check) end
    return core.json { gradable = true, score = words.share(r), tests = tests,
        images = images(r, folder),
        message = r.message or words.score(r), output = words.origin(r) .. "\n" .. (r.printed or "") }
        .. "\n"
  end,
}
