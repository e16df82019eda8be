-- JUnit's XML, the part that all who read it agree on. A check that could not be judged is an error.

local words = require "grade/words"

local function attributes(list)
  local out = {}
  for _, pair in ipairs(list) do
    out[#out + 1] = (' %s="%s"'):format(pair[1], (words.escaped(tostring(pair[2])):gsub("\n", "&#10;")))
  end
  return table.concat(out)
end

local function counts(r)
  local n = { fail = 0, error = 0, pass = 0 }
  for _, check in ipairs(r.checks) do n[check.outcome] = n[check.outcome] + 1 end
  return attributes { { "name", r.lab }, { "tests", #r.checks }, { "failures", n.fail },
      { "errors", n.error }, { "skipped", 0 }, { "time", 0 } }
end

local function properties(r)
  local out = {}
  for _, name in ipairs { "tool", "seed", "student", "score", "max", "sandbox" } do
    out[#out + 1] = "      <property" .. attributes { { "name", name }, { "value", r[name] } } .. "/>\n"
  end
  return "    <properties>\n" .. table.concat(out) .. "    </properties>\n"
end

local function case(r, check)
  local head = "    <testcase" .. attributes { { "name", check.title }, { "classname", r.lab },
      { "time", 0 } }
  if check.outcome == "pass" then return head .. "/>\n" end
  local element = check.outcome == "fail" and "failure" or "error"
  return ("%s>\n      <%s%s>%s</%s>\n    </testcase>\n"):format(head, element,
      attributes { { "message", words.line(check.message or "") },
        { "type", check.code or check.outcome } },
      words.escaped(words.why_text(check)), element)
end

return {
  about = "JUnit's XML (Artemis, Jenkins, GitLab)",
  extension = "xml",
  write = function(r)
    local out = { '<?xml version="1.0" encoding="UTF-8"?>\n', "<testsuites", counts(r), ">\n",
        "  <testsuite", counts(r), ">\n", properties(r) }
    for _, check in ipairs(r.checks) do out[#out + 1] = case(r, check) end
    if r.printed and r.printed ~= "" then
      out[#out + 1] = "    <system-out>" .. words.escaped(r.printed) .. "</system-out>\n"
    end
    if r.message then
      out[#out + 1] = "    <system-err>" .. words.escaped(r.message) .. "</system-err>\n"
    end
    out[#out + 1] = "  </testsuite>\n</testsuites>\n"
    return table.concat(out)
  end,
}
