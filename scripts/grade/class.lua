-- What the results of many submissions say of a class. It is read from the result files alone, so
-- wherever they were made, the report is the same.

local files = require "grade/files"
local misconceptions = require "misconceptions"

local class = {}

-- { stem, folder, result } of a file, or nil where it is no result of ours.
local function entry(folder, stem)
  local text = files.read(folder .. "/" .. stem .. ".json")
  local r = text and core.from_json(text)
  if type(r) ~= "table" or not (r.key and r.checks and r.lab) then return nil end
  return { stem = stem, folder = folder, result = r }
end

-- All results in a folder, or those of the given stems.
function class.read(folder, stems)
  local list = {}
  if not stems then
    stems = {}
    for _, name in ipairs(core.files(folder)) do stems[#stems + 1] = name:match("^(.+)%.json$") end
  end
  for _, stem in ipairs(stems) do list[#list + 1] = entry(folder, stem) end
  return list
end

local function by_student(a, b)
  if a.result.student ~= b.result.student then return a.result.student < b.result.student end
  return a.stem < b.stem
end

local function one_lab(list)
  for _, e in ipairs(list) do
    if e.result.lab ~= list[1].result.lab or #e.result.checks ~= #list[1].result.checks then
      error(("these are results of two labs: %s/%s.json is of %s, %s/%s.json of %s"):format(
          list[1].folder, list[1].stem, list[1].result.lab, e.folder, e.stem, e.result.lab), 0)
    end
  end
end

-- Ids of the misconceptions behind what failed, each once, in order.
function class.codes(r)
  local seen, codes = {}, {}
  for _, check in ipairs(r.checks) do
    if check.outcome == "fail" and check.code and not seen[check.code] then
      seen[check.code] = true
      codes[#codes + 1] = check.code
    end
  end
  table.sort(codes)
  return codes
end

local function beliefs(list)
  local count, rows = {}, {}
  for _, e in ipairs(list) do
    for _, code in ipairs(class.codes(e.result)) do count[code] = (count[code] or 0) + 1 end
  end
  for _, row in ipairs(misconceptions) do
    if count[row.id] then
      rows[#rows + 1] = { id = row.id, belief = row.belief, truth = row.truth, students = count[row.id] }
    end
  end
  table.sort(rows, function(a, b)
    if a.students ~= b.students then return a.students > b.students end
    return a.id < b.id
  end)
  return rows
end

-- How many have so many points: { { from, to, students } }, a row a point or a tenth of all.
local function distribution(list, max)
  local width = max <= 20 and 1 or (max + 9) // 10
  local rows = {}
  for from = 0, max, width do
    rows[#rows + 1] = { from = from, to = math.min(max, from + width - 1), students = 0 }
  end
  for _, e in ipairs(list) do
    local row = rows[e.result.score // width + 1]
    row.students = row.students + 1
  end
  return rows
end

local function checks(list)
  local rows = {}
  for i, check in ipairs(list[1].result.checks) do
    rows[i] = { number = i, title = check.title, max = check.max, passed = 0 }
    for _, e in ipairs(list) do
      if e.result.checks[i].outcome == "pass" then rows[i].passed = rows[i].passed + 1 end
    end
  end
  return rows
end

local function mean_and_median(list)
  local scores, sum = {}, 0
  for i, e in ipairs(list) do
    scores[i] = e.result.score
    sum = sum + scores[i]
  end
  table.sort(scores)
  local low, high = scores[(#scores + 1) // 2], scores[#scores // 2 + 1]
  return sum / #scores, (low + high) / 2
end

-- From entries to what a report shows. At least one.
function class.of(list)
  one_lab(list)
  table.sort(list, by_student)
  local first = list[1].result
  local c = { lab = first.lab, title = first.title, max = first.max, entries = list, full = 0,
      unfinished = 0, beliefs = beliefs(list), distribution = distribution(list, first.max),
      checks = checks(list) }
  c.mean, c.median = mean_and_median(list)
  for _, e in ipairs(list) do
    if e.result.score == e.result.max then c.full = c.full + 1 end
    if e.result.state == "unfinished" then c.unfinished = c.unfinished + 1 end
  end
  return c
end

-- The report in every form of reports/, as class.EXTENSION in a folder. Answers their names.
function class.write(c, folder)
  local names = {}
  for _, file in ipairs(core.files(core.scripts .. "/grade/reports")) do
    local name = file:match("^(.+)%.lua$")
    names[#names + 1] = name and "class." .. name
    if name then
      files.replace(folder .. "/class." .. name, require("grade/reports/" .. name).write(c, folder))
    end
  end
  table.sort(names)
  return names
end

return class
