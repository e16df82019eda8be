-- `dmalab grade`: its options, and where results go.

local class = require "grade/class"
local files = require "grade/files"
local folder = require "grade/folder"
local grader = require "grade/grader"
local labs = require "grade/labs"
local near = require "near"
local result = require "grade/result"
local text = require "text"

local grade = {}

local DONE, FAILED, WRONG_USAGE = 0, 1, 2

local usage = [[
dmalab grade: what a driver is worth, judged by properties on every schedule

  dmalab grade LAB FILE            one submission: a file, or a folder that has
                                   a driver.lua
  dmalab grade LAB DIR             a class: each file NAME.lua, and each folder
                                   NAME with a driver.lua, or one other file of
                                   Lua, is student NAME's
  dmalab grade --manifest LAB DIR  one command a submission, for GNU parallel
                                   or Slurm
  dmalab grade --merge RESULTS...  the class report of folders with results

      --student ID        whose one submission is: it gets that one's numbers
      --secret-file FILE  the course secret: from it come each student's
                          numbers and hidden variants; without it all have the
                          same ones
      --format NAME       several with commas (text):
%s
  -o, --output PATH       where to. Of one submission: a file, not standard
                          output; with several formats a stem. Of a class: the
                          folder of results (DIR-results)
      --record FILE       keep the first failure of one submission; then
                          dmalab view FILE goes through it
      --picture           and draw its moment: NAME.svg beside the recording
      --only NAME         of a class this one alone, and no report
      --jobs N            so many at a time (one for each core)
      --seconds N         of the processor, for one submission (%d)
      --require-sandbox   refuse where the kernel cannot confine a driver
      --exit-zero         exit with 0 whatever the score

The folder of results has for each student NAME.json, NAME.txt (or the formats
asked for) and NAME.rec, the recording of the first failure; and the report as
class.html and class.csv. After Ctrl-C or a crash the same command goes on where
it stopped: what is finished and has not changed is not graded again.

Exit status: 0 full marks for all, 1 fewer, 2 wrong usage.
]]

local known = { student = "word", ["secret-file"] = "word", format = "word", output = "word",
    record = "word", only = "word", seconds = "number", jobs = "number", manifest = "switch",
    merge = "switch", picture = "switch",
    ["require-sandbox"] = "switch", ["exit-zero"] = "switch", help = "switch" }
local short = { ["-o"] = "output", ["-h"] = "help" }

local function option_names()
  local names = {}
  for name in pairs(known) do names[#names + 1] = "--" .. name end
  table.sort(names)
  return names
end

-- Options -------------------------------------------------------------------------------------

-- The value of an option, and at which word it ends; nil and what is wrong.
local function value_of(given, i, name)
  local value = given[i]:match("=(.*)$")
  if not value then
    i = i + 1
    value = given[i]
  end
  if not value then return nil, "a value is missing after " .. given[i - 1] end
  if known[name] == "word" then return value, i end
  local n = math.tointeger(tonumber(value))
  if n and n >= 1 then return n, i end
  return nil, "--" .. name .. " wants a number, 1 or more"
end

-- Options and words; nil and what is wrong.
local function parsed(given)
  local options, words, i = {}, {}, 1
  while i <= #given do
    local name = short[given[i]] or given[i]:match("^%-%-([%w-]+)")
    if given[i]:sub(1, 1) ~= "-" or given[i] == "-" then
      words[#words + 1] = given[i]
    elseif not known[name] then
      return nil, "grade has no option " .. given[i] .. near.hint("--" .. (name or ""), option_names())
    elseif known[name] == "switch" then
      options[name] = true
    else
      local value, at = value_of(given, i, name)
      if not value then return nil, at end
      options[name], i = value, at
    end
    i = i + 1
  end
  return options, words
end

-- Formats -------------------------------------------------------------------------------------

local function formats()
  local names = {}
  for _, file in ipairs(core.files(core.scripts .. "/grade/formats")) do
    names[#names + 1] = file:match("^(.+)%.lua$")
  end
  table.sort(names)
  return names
end

local function about_formats()
  local lines = {}
  for i, name in ipairs(formats()) do
    lines[i] = (" "):rep(26) .. ("%-14s"):format(name) .. require("grade/formats/" .. name).about
  end
  return table.concat(lines, "\n")
end

local function writers(words)
  local list, there = {}, {}
  for _, name in ipairs(formats()) do there[name] = true end
  for name in (words or "text"):gmatch("[^,]+") do
    if not there[name] then
      error("there is no format " .. name .. near.hint(name, formats()), 0)
    end
    list[#list + 1] = require("grade/formats/" .. name)
  end
  return list
end

-- One submission -----------------------------------------------------------------------------

local function put(item, wanted, output)
  for _, format in ipairs(wanted) do
    local words = format.write(item.result, files.folder(item.recording))
    if not output then
      io.stdout:write(words)
    else
      files.replace(#wanted > 1 and output .. "." .. format.extension or output, words)
    end
  end
end

local function grade_one(lab, path, options, wanted)
  local item = { student = options.student or "", path = path, recording = options.record }
  local output = options.output
  local stream = not output or core.kind_of_file(output) == "other"      -- it keeps all it is told
  grader.grade(lab, { item }, { seconds = options.seconds, secret_file = options["secret-file"],
      picture = options.picture, changed = function() if not stream then put(item, wanted, output) end end })
  if stream then put(item, wanted, output) end
  return result.full(item.result)
end

-- A class ------------------------------------------------------------------------------------

local function say(...) io.stdout:write(text.wrap(table.concat { ... }, 78, "  "), "\n") end

local function say_report(c, out)
  local names = class.write(c, out)
  say(("%s: %d with full marks; mean %.1f, median %.1f of %d points"):format(
      text.count(#c.entries, "submission"), c.full, c.mean, c.median, c.max))
  if c.unfinished > 0 then say(text.count(c.unfinished, "result") .. " not finished yet") end
  say("the report: " .. out .. "/" .. table.concat(names, ", "))
  return c.full == #c.entries
end

local function output_of(place, options) return options.output or place:gsub("/+$", "") .. "-results" end

local function tell_others(place, others, out)
  local names = {}
  for _, name in ipairs(others) do
    if core.full_path(place .. "/" .. name) ~= core.full_path(out) then names[#names + 1] = name end
  end
  if #names == 0 then return end
  io.stderr:write(text.wrap("dmalab: not graded, being neither a file NAME.lua nor a folder "
      .. "with a driver.lua or one other file of Lua: " .. table.concat(names, ", "), 78, "  "), "\n")
end

local function list_of(place, options)
  local list, others = folder.submissions(place, options.only)
  if #list == 0 then
    error(("there is no submission%s in %s"):format(options.only and " " .. options.only or "", place)
        .. "\n  each is a file NAME.lua, or a folder NAME with driver.lua in it", 0)
  end
  tell_others(place, others, output_of(place, options))
  return list
end

local function grade_class(lab, place, list, options, wanted)
  local out, stems, besides = output_of(place, options), {}, {}
  for _, format in ipairs(wanted) do
    if format.extension ~= "json" then besides[#besides + 1] = format end
  end
  local now, before = folder.grade(lab, list, out, besides, options)
  for i, item in ipairs(list) do stems[i] = item.stem end
  if before > 0 and now > 0 then
    say(("%s graded now, %d were finished before"):format(text.count(now, "submission"), before))
  elseif before > 0 then
    say("nothing has changed since all were graded; remove " .. out .. " to begin anew")
  end
  if options.only then return result.full(list[1].result) end
  return say_report(class.of(class.read(out, stems)), out)
end

local function merge(places, options)
  local list = {}
  for _, place in ipairs(places) do
    for _, entry in ipairs(class.read(place)) do list[#list + 1] = entry end
  end
  if #list == 0 then error("there are no results in " .. table.concat(places, ", "), 0) end
  return function() return say_report(class.of(list), options.output or places[1]) end
end

-- What is wanted -----------------------------------------------------------------------------

-- The recording of a failure takes the place of what is there.
local function check_record(path)
  local kind = core.kind_of_file(path)
  local fd, why
  if kind == nil or kind == "file" then fd, why = core.descriptor(path) end
  if not fd then
    error("--record: " .. path .. " cannot be written: " .. (why or "it is no file"), 0)
  end
  core.close(fd)
end

local function check_files(options, path)
  local secret = options["secret-file"]
  if secret and core.kind_of_file(secret) ~= "file" then
    error("--secret-file: there is no file " .. secret, 0)
  end
  if options.record then check_record(options.record) end
  if options.picture and folder.single(path) and not options.record then
    error("--picture draws what --record keeps: give --record FILE.rec too", 0)
  end
  -- Who waits for a result file has to find one.
  if not core.kind_of_file(path) and not options.output then error("there is no " .. path, 0) end
end

-- Looks at all there is to get wrong and answers a function that does the work: is it full marks?
local function plan(words, options)
  if options.merge then
    if #words == 0 then error("--merge wants folders with results", 0) end
    return merge(words, options)
  end
  if #words ~= 2 then error("grade wants a lab and what to grade: dmalab grade LAB FILE", 0) end
  local lab, path, wanted = labs.load(words[1]), words[2], writers(options.format)
  check_files(options, path)
  local single = folder.single(path)
  if single then return function() return grade_one(lab, single, options, wanted) end end
  local list = list_of(path, options)
  if options.manifest then
    return function()
      io.stdout:write(folder.manifest(lab, path, list, output_of(path, options), options))
      return true
    end
  end
  return function() return grade_class(lab, path, list, options, wanted) end
end

local function complain(status, why, advice)
  io.stderr:write("dmalab: ", result.without_place(why), "\n", advice)
  return status
end

function grade.main(given)
  local options, words = parsed(given)
  local help = "Try: dmalab grade --help\n"
  if not options then return complain(WRONG_USAGE, words, help) end
  if options.help then
    io.stdout:write(usage:format(about_formats(), grader.SECONDS))
    return DONE
  end
  if options["require-sandbox"] and core.confine_lacks() ~= "" then
    return complain(FAILED, "--require-sandbox: this kernel has no " .. core.confine_lacks()
        .. " for us", "  without it the other limits hold all the same, and each result "
        .. "says so\n")
  end
  local fine, work = pcall(plan, words, options)
  if not fine and result.without_place(work) ~= "interrupted" then
    return complain(WRONG_USAGE, work, help)
  end
  local full = result.without_place(work)
  if fine then fine, full = pcall(work) end
  if not fine then
    return complain(FAILED, full, full == "interrupted" and "  the same command begins anew\n" or "")
  end
  return (full or options["exit-zero"]) and DONE or FAILED
end

return grade
