-- A folder of submissions: what is in it, and a folder of results beside it that is always whole. A
-- result is written before its child begins, and again after each check; whoever comes next grades
-- only what is not finished. The results tell all the class report needs.

local files = require "grade/files"
local grader = require "grade/grader"
local result = require "grade/result"
local text = require "text"
local variant = require "grade/variant"

local folder = {}

local DRIVER = "driver.lua"
local JOBS = 64                -- children at a time, as many as core.child has places for
local OTHER = "\n  --output FOLDER names another place for the results"
local LONGEST = 150            -- bytes of an id in the name of a file

-- Names ----------------------------------------------------------------------------------------

local function percent(c) return ("%%%02X"):format(c:byte()) end

-- An id as the name of a file on every system and in every shell. Different ids have different
-- names.
function folder.stem(id)
  local stem = id:gsub(utf8.len(id) and "[^%w ._@+\128-\255-]" or "[^%w ._@+-]", percent)
  stem = stem:gsub("^[ .-]", percent):gsub("[ .]$", percent)
  if #stem <= LONGEST then return stem end
  return stem:sub(1, LONGEST):gsub("%%?%x?$", ""):gsub("[\128-\255]+$", "") .. "%" ..
      variant.hex(core.hmac("")(id)):sub(1, 16)
end

-- What a student's folder holds: driver.lua, or the one file of Lua there is, for downloads keep the
-- names students give. nil where it cannot be told.
local function driver_in(place)
  if core.kind_of_file(place .. "/" .. DRIVER) then return place .. "/" .. DRIVER end
  local found
  for _, name in ipairs(core.files(place)) do
    if name:find("%.lua$") then
      if found then return nil end
      found = place .. "/" .. name
    end
  end
  return found
end

-- { student =, path = } of an entry, or nil where it is no submission.
local function submission(place, name)
  local path = place .. "/" .. name
  local kind = core.kind_of_file(path)
  local driver = kind == "folder" and driver_in(path)
  if driver then
    return { student = name, path = driver }
  elseif kind ~= "folder" and name:find("%.lua$") then
    return { student = name:sub(1, -5), path = path }
  end
end

local function by_stem(a, b) return a.stem < b.stem end

local function may_be(name, stem)
  return folder.stem(name) == stem or folder.stem((name:gsub("%.lua$", ""))) == stem
end

-- All submissions in order, or the one called `only`, and the names that are none.
function folder.submissions(place, only)
  local list, others, seen = {}, {}, {}
  for _, name in ipairs(core.files(place)) do
    local item = (not only or may_be(name, only)) and submission(place, name)
    if item then
      item.stem = folder.stem(item.student)
      if seen[item.stem] then
        error(("%s has two submissions of %s\n  %s and %s: take one away"):format(place, item.student,
            seen[item.stem].path, item.path), 0)
      end
      seen[item.stem] = item
      list[#list + 1] = item
    elseif not only then
      others[#others + 1] = name
    end
  end
  table.sort(list, by_stem)
  table.sort(others)
  return list, others
end

-- Is this one submission: a file, or a folder with one?
function folder.single(path)
  if core.kind_of_file(path) ~= "folder" then return path end
  local driver = path .. "/" .. DRIVER
  return core.kind_of_file(driver) and driver or nil
end

-- Grading --------------------------------------------------------------------------------------

local function result_file(out, item) return out .. "/" .. item.stem .. ".json" end

-- What an earlier run has finished, if all it depends on is the same.
local function known_in(out, picture)
  return function(item)
    local text_of = files.read(result_file(out, item))
    local old = text_of and core.from_json(text_of)
    if type(old) == "table" and old.key == item.result.key and result.finished(old)
       and (old.picture or not (picture and old.recording)) then return old end
  end
end

local function show_progress(done, total)
  if not core.terminal then return end
  local cells = 30
  local full = total == 0 and cells or done * cells // total
  io.stderr:write(("\r[%s%s] %d of %s"):format(("#"):rep(full), ("."):rep(cells - full), done,
      text.count(total, "submission")))
  if done == total then io.stderr:write("\n") end
end

local function stopped(why, done, total)
  if core.terminal then io.stderr:write("\n") end
  error(("%s\n  %d of %s graded; the same command goes on from there"):format(
      result.without_place(why), done, text.count(total, "submission")), 0)
end

--[[
Grades a list of submissions(place) into the folder `out`. formats: list of { write =, extension = }
besides JSON, which is always written; write(result, out) may look at files there. Answers how many
were graded now, and how many before.
]]
function folder.grade(lab, list, out, formats, options)
  local done, before = 0, 0
  local fine, why = core.make_folder(out)
  if not fine then error(out .. " cannot be made: " .. why .. OTHER, 0) end
  for _, item in ipairs(list) do item.recording = out .. "/" .. item.stem .. ".rec" end
  show_progress(0, #list)
  fine, why = pcall(grader.grade, lab, list, { seconds = options.seconds,
      secret_file = options["secret-file"], picture = options.picture,
      jobs = math.min(options.jobs or core.cores(), JOBS),
      known = function(item)
        local old = known_in(out, options.picture)(item)
        if old then before = before + 1 end
        return old
      end,
      changed = function(item)
        files.replace(result_file(out, item), core.json(item.result) .. "\n")
      end,
      ended = function(item)
        for _, format in ipairs(formats) do
          files.replace(out .. "/" .. item.stem .. "." .. format.extension,
              format.write(item.result, out))
        end
        done = done + 1
        show_progress(done, #list)
      end })
  if not fine then stopped(why, done, #list) end
  return done - before, before
end

-- A manifest -----------------------------------------------------------------------------------

-- One word of a shell.
local function quoted(word)
  if word:find("\n", 1, true) then
    error("a command of a manifest is one line, and this is more: " .. word, 0)
  end
  if word:find("^[%w%%@_+=:,./-]+$") then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function path_of(word) return core.full_path(word) or word end

-- One command a submission, for any machine that sees the same files: it grades that one alone.
function folder.manifest(lab, place, list, out, options)
  local fine, why = core.make_folder(out)
  if not fine then error(out .. " cannot be made: " .. why .. OTHER, 0) end
  local fixed = { core.program .. "/dmalab", "grade", path_of(lab.folder), path_of(place), "--output",
      path_of(out), "--jobs", "1", "--exit-zero" }
  for _, name in ipairs { "format", "seconds", "secret-file" } do
    if options[name] then
      fixed[#fixed + 1] = "--" .. name
      fixed[#fixed + 1] = name == "secret-file" and path_of(options[name]) or tostring(options[name])
    end
  end
  for _, name in ipairs { "require-sandbox", "picture" } do
    if options[name] then fixed[#fixed + 1] = "--" .. name end
  end
  for i, word in ipairs(fixed) do fixed[i] = quoted(word) end
  local lines = {}
  for i, item in ipairs(list) do
    lines[i] = table.concat(fixed, " ") .. " --only " .. quoted(item.stem) .. "\n"
  end
  return table.concat(lines)
end

return folder
