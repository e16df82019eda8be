-- `dmalab grade`: its options, and where results go.

local grader = require "grade/grader"
local labs = require "grade/labs"
local near = require "near"
local result = require "grade/result"

local grade = {}

local DONE, FAILED, WRONG_USAGE = 0, 1, 2

local usage = [[
dmalab grade: what a driver is worth, judged by properties on every schedule

  dmalab grade LAB FILE             one submission
      --student ID         whose it is: it gets the numbers of that student
      --secret-file FILE   the course secret: from it come the numbers of each student, and hidden
                           variants; without it everybody has the same open ones
      --format NAME        %s; several with commas
  -o, --output FILE        where to, instead of standard output; with several formats a stem
      --seconds N          of the clock, for one submission (20)
      --jobs N             so many at a time (one for each core)
      --require-sandbox    refuse where the kernel cannot confine a student's file
      --exit-zero          exit with 0 whatever the score

Exit status: 0 full marks, 1 fewer, 2 wrong usage.
]]

-- Options: name = "word" takes one, "switch" none.
local known = { student = "word", ["secret-file"] = "word", format = "word", output = "word",
    seconds = "number", jobs = "number", ["require-sandbox"] = "switch", ["exit-zero"] = "switch",
    help = "switch" }
local short = { ["-o"] = "output", ["-h"] = "help" }

local function wrong(what)
  io.stderr:write("dmalab: ", what, "\nTry: dmalab grade --help\n")
  return WRONG_USAGE
end

local function formats()
  local names = {}
  for _, file in ipairs(core.files(core.scripts .. "/grade/formats")) do
    names[#names + 1] = file:match("^(.+)%.lua$")
  end
  table.sort(names)
  return names
end

-- Options and words; nil and what is wrong.
local function parsed(given)
  local options, words, i = {}, {}, 1
  while i <= #given do
    local name, value = given[i]:match("^%-%-([%w-]+)=?(.*)$")
    name = short[given[i]] or name
    if not name then
      words[#words + 1] = given[i]
    elseif not known[name] then
      return nil, "grade has no option " .. given[i] .. near.hint(name, { "student", "secret-file",
          "format", "output", "seconds", "jobs", "require-sandbox", "exit-zero" })
    elseif known[name] == "switch" then
      options[name] = true
    else
      if not given[i]:find("=", 1, true) then
        i = i + 1
        value = given[i]
      end
      if not value then return nil, "a value is missing after " .. given[i - 1] end
      if known[name] == "number" then
        value = math.tointeger(tonumber(value))
        if not value or value < 1 then return nil, "--" .. name .. " wants a number, 1 or more" end
      end
      options[name] = value
    end
    i = i + 1
  end
  return options, words
end

local function writers(words)
  local list = {}
  for name in (words or "text"):gmatch("[^,]+") do
    local fine, format = pcall(require, "grade/formats/" .. name)
    if not fine then error("there is no format " .. name .. near.hint(name, formats()), 0) end
    list[#list + 1] = format
  end
  return list
end

-- Whole, or not at all.
local function replace(path, words)
  local file, why = io.open(path .. ".new", "wb")
  if not file then error(why, 0) end
  local fine = file:write(words)
  if not (file:close() and fine) then error(path .. ": could not be written", 0) end
  fine, why = os.rename(path .. ".new", path)
  if not fine then error(why, 0) end
end
grade.replace = replace

local function put(r, formats_wanted, output)
  for _, format in ipairs(formats_wanted) do
    local words = format.write(r)
    if not output then
      io.stdout:write(words)
    else
      replace(#formats_wanted > 1 and output .. "." .. format.extension or output, words)
    end
  end
end

local function one(lab, path, options)
  local wanted = writers(options.format)
  local item = { student = options.student or "", path = path }
  grader.grade(lab, { item }, { seconds = options.seconds, secret_file = options["secret-file"],
      changed = function() if options.output then put(item.result, wanted, options.output) end end })
  if not options.output then put(item.result, wanted) end
  if options["exit-zero"] or result.full(item.result) then return DONE end
  return FAILED
end

function grade.main(given)
  local options, words = parsed(given)
  if not options then return wrong(words) end
  if options.help then
    io.stdout:write(usage:format(table.concat(formats(), ", ")))
    return DONE
  end
  if #words ~= 2 then return wrong("grade wants a lab and a file: dmalab grade LAB FILE") end
  if options["require-sandbox"] and core.confine_lacks() ~= "" then
    io.stderr:write("dmalab: --require-sandbox: this kernel has no ", core.confine_lacks(),
        " for us\n")
    return FAILED
  end
  local fine, answer = pcall(function()
    return one(labs.load(words[1]), words[2], options)
  end)
  if fine then return answer end
  return wrong(answer)
end

return grade
