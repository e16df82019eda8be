-- One line a student, for a spreadsheet (RFC 4180).

local class = require "grade/class"

-- A cell that begins like a formula would be one, behind blanks too.
local function cell(value)
  local s = tostring(value):gsub("^[=+@%s-]", "'%0")
  if not s:find('[",\n]') then return s end
  return '"' .. s:gsub('"', '""') .. '"'
end

local function line(cells)
  for i, value in ipairs(cells) do cells[i] = cell(value) end
  return table.concat(cells, ",") .. "\n"
end

local function head(c)
  local cells = { "student", "score", "max", "state" }
  for _, check in ipairs(c.checks) do cells[#cells + 1] = check.title end
  cells[#cells + 1] = "misconceptions"
  return line(cells)
end

local function row(r)
  local cells = { r.student, r.score, r.max, r.state }
  for _, check in ipairs(r.checks) do cells[#cells + 1] = check.points end
  cells[#cells + 1] = table.concat(class.codes(r), " ")
  return line(cells)
end

return {
  write = function(c)
    local out = { head(c) }
    for _, e in ipairs(c.entries) do out[#out + 1] = row(e.result) end
    return table.concat(out)
  end,
}
