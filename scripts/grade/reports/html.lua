-- One page for a browser: nothing is fetched, nothing runs, light and dark as the reader has it.
-- Colour never says what a sign does not say too.

local text = require "text"
local words = require "grade/words"

local style = [[
:root { color-scheme: light dark; --ink: #1c1c1a; --paper: #fcfcf9; --dim: #62625c; --rule: #d9d9d2;
  --good: #e2f0e3; --bad: #f9dfd8; --odd: #f4ecc9; --bar: #4a79a8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e0; --paper: #1b1c1e; --dim: #a2a29a; --rule: #3a3b3e;
    --good: #1f3b28; --bad: #522a22; --odd: #4a421e; --bar: #7ba7d3; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p { margin: .3rem 0; max-width: 46rem; } .dim { color: var(--dim); } a { color: inherit; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: left; border-bottom: 1px solid var(--rule);
  vertical-align: top; }
th { font-weight: 600; } .number { text-align: right; white-space: nowrap; }
.students { overflow-x: auto; } .name { min-width: 7rem; max-width: 14rem; overflow-wrap: anywhere; }
.why { min-width: 16rem; overflow-wrap: anywhere; font-size: .85rem; color: var(--dim); }
.bars td { border: 0; padding: .1rem .6rem; } .bars .wide { width: 24rem; }
@media (max-width: 40rem) { .bars .wide { width: 6rem; } }
.bar { display: inline-block; height: .8rem; background: var(--bar); border-radius: 2px; }
.pass { background: var(--good); } .fail { background: var(--bad); } .error { background: var(--odd); }
ul { padding-left: 1.2rem; max-width: 46rem; } li { margin: .6rem 0; }
@media print { body { margin: 0; max-width: none; } }
]]

local e = words.escaped

-- A file as an address, from the folder the page lies in.
local function address(folder, entry, name)
  local path = entry.folder == folder and name or (core.full_path(entry.folder) or entry.folder)
      .. "/" .. name
  return (path:gsub("[^%w._~/-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function link(folder, entry, name, label)
  return ('<a href="%s">%s</a>'):format(address(folder, entry, name), e(label))
end

local function bar(n, most)
  return ('<span class="bar" style="width:%.1f%%"></span>'):format(most == 0 and 0 or 100 * n / most)
end

local function number(x) return (("%.1f"):format(x):gsub("%.0$", "")) end

local function summary(c)
  local parts = { text.count(#c.entries, "submission"), c.full .. " with full marks",
      ("mean %s, median %s of %d points"):format(number(c.mean), number(c.median), c.max) }
  if c.unfinished > 0 then parts[#parts + 1] = c.unfinished .. " not finished" end
  return "<p>" .. table.concat(parts, " · ") .. "</p>\n"
end

local function rows_of_bars(out, rows, label, count, most, class_of_label)
  out[#out + 1] = '<table class="bars">\n'
  for _, row in ipairs(rows) do
    out[#out + 1] = ('<tr><td class="%s">%s</td><td class="number">%d</td><td class="wide">%s'
        .. "</td></tr>\n"):format(class_of_label, label(row), count(row), bar(count(row), most))
  end
  out[#out + 1] = "</table>\n"
end

local function scores(out, c)
  local most = 0
  for _, row in ipairs(c.distribution) do most = math.max(most, row.students) end
  out[#out + 1] = "<h2>Points, and how many students have them</h2>\n"
  rows_of_bars(out, c.distribution, function(row)
    return row.from == row.to and row.from or row.from .. " to " .. row.to
  end, function(row) return row.students end, most, "number")
end

local function checks(out, c)
  out[#out + 1] = "<h2>Checks, and how many students pass them</h2>\n"
  rows_of_bars(out, c.checks, function(row) return row.number .. ". " .. e(row.title) end,
      function(row) return row.passed end, #c.entries, "label")
end

local function beliefs(out, c)
  out[#out + 1] = "<h2>What the class may still believe</h2>\n"
  if #c.beliefs == 0 then out[#out + 1] = "<p>Nothing here went wrong by a misconception.</p>\n" end
  out[#out + 1] = "<ul>\n"
  for _, row in ipairs(c.beliefs) do
    out[#out + 1] = ('<li><b>%s</b> (%s, %s)<br>%s</li>\n'):format(e(row.belief), row.id,
        text.count(row.students, "student"), e(row.truth))
  end
  out[#out + 1] = "</ul>\n"
end

local signs = { pass = "✓", fail = "✗", error = "?" }

local function cell(check)
  local why = check.outcome ~= "pass" and check.message and (' title="%s"'):format(e(check.message))
  return ('<td class="number %s"%s>%d %s</td>'):format(check.outcome, why or "", check.points,
      signs[check.outcome])
end

-- The result to read, if it was asked for, else the whole one.
local function name_of(entry)
  local name = entry.stem .. ".txt"
  return core.kind_of_file(entry.folder .. "/" .. name) and name or entry.stem .. ".json"
end

-- What stopped the whole, or else the first check that is not passed.
local function reason(r)
  if r.message then return words.line(r.message) end
  for _, check in ipairs(r.checks) do
    if check.outcome ~= "pass" then return words.line(check.message) end
  end
  return ""
end

local function student(folder, entry)
  local r = entry.result
  local cells = {}
  for i, check in ipairs(r.checks) do cells[i] = cell(check) end
  return ('<tr><td class="name">%s</td><td class="number">%d</td>%s<td>%s</td>'
      .. '<td class="why">%s</td></tr>\n'):format(
      link(folder, entry, name_of(entry), r.student), r.score, table.concat(cells),
      (r.recording and link(folder, entry, r.recording, "recording") or "")
      .. (r.picture and " " .. link(folder, entry, r.picture, "picture") or ""),
      e(reason(r)))
end

local function students(out, c, folder)
  out[#out + 1] = "<h2>Students</h2>\n<p class=\"dim\">A name leads to the whole result, a recording " ..
      "to the first failure: <code>dmalab view FILE</code> goes through it.</p>\n" ..
      '<div class="students"><table>\n<tr><th>student</th><th class="number">points</th>'
  for _, check in ipairs(c.checks) do
    out[#out + 1] = ('<th class="number" title="%s">%d</th>'):format(e(check.title), check.number)
  end
  out[#out + 1] = "<th>first failure</th><th>why</th></tr>\n"
  for _, entry in ipairs(c.entries) do out[#out + 1] = student(folder, entry) end
  out[#out + 1] = "</table></div>\n"
end

return {
  write = function(c, folder)
    local out = { '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        ("<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n"):format(e(c.lab), style),
        ('<h1>%s</h1>\n<p class="dim">%s</p>\n'):format(e(c.title), e(c.lab)), summary(c) }
    scores(out, c)
    checks(out, c)
    beliefs(out, c)
    students(out, c, folder)
    out[#out + 1] = "</body>\n</html>\n"
    return table.concat(out)
  end,
}
