-- `lab`: a student's way through the labs, the same at the prompt and as `dmalab lab`.

local files = require "grade/files"
local grader = require "grade/grader"
local labs = require "grade/labs"
local near = require "near"
local play = require "lab/play"
local progress = require "lab/progress"
local result = require "grade/result"
local session = require "session"
local settings = require "settings"
local text = require "text"
local variant = require "grade/variant"

local lab = {}

local DRIVER, BROKEN = "driver.lua", "broken.rec"

local function say(words) io.stdout:write(words, "\n") end
local function say_wrapped(words, indent)
  say((indent or "") .. text.wrap(words, 78 - #(indent or ""), indent))
end

-- Names and places -----------------------------------------------------------------------------

-- As the student would type it.
local function short(path)
  local here = (core.full_path(".") or "") .. "/"
  return path:sub(1, #here) == here and path:sub(#here + 1) or path
end

local function file_in(folder)
  local path = folder and folder .. "/" .. DRIVER
  return path and core.kind_of_file(path) == "file" and path or nil
end

local function name_of_folder(folder)
  local name = folder and folder:match("[^/]*$")
  return name and labs.find(name) == name and name or nil
end

local function not_started(name)
  error(name .. " is not started yet, or its folder is gone\n  lab start " .. name:sub(1, 2) ..
      " puts its file before you", 0)
end

-- The lab of a file: that of its folder's name, or else the one worked on last.
local function lab_of_file(path)
  local whole = core.full_path(path)
  local name = name_of_folder(whole:match("^(.*)/")) or progress.present()
  if name then return name, whole end
  error("which lab is " .. path .. " for?\n  lab start NAME says it; lab list shows the labs", 0)
end

-- Where nobody says what: in the folder of a lab it is that one.
local function present()
  local here = core.full_path(".")
  local name = name_of_folder(here)
  if name and file_in(here) then return name end
  name = progress.present() and labs.find(progress.present())
  return name or error("no lab is started yet\n  lab list shows them, lab start 01 begins", 0)
end

-- Its file: in the folder it was started in, but one that lies here comes first.
local function driver_of(name)
  local here, known = core.full_path("."), progress.known(name)
  return name_of_folder(here) == name and file_in(here) or file_in(here .. "/" .. name) or
      file_in(known and known.folder) or not_started(name)
end

-- The lab and its file that a word means: a file, a lab, or nothing for the one at hand.
local function target(word)
  local kind = word and core.kind_of_file(word)
  if kind == "file" then return lab_of_file(word) end
  if kind == "folder" and file_in(word) then return lab_of_file(file_in(word)) end
  if word and (word:find("%.lua$") or word:find("/", 1, true)) then
    error("there is no file " .. word .. "\n  without a name it is that of the lab started last", 0)
  end
  local name = word and labs.named(word) or present()
  return name, driver_of(name)
end

local function open_values(l) return variant.values(l, variant.seed("", l.name, "", 0)) end

local function source_of(path)
  local source, why = grader.source(path)
  return source or error(short(path) .. " cannot be read: " .. why, 0)
end

-- list -----------------------------------------------------------------------------------------

local function points_shown(known, most)
  return (known and known.points or "-") .. "/" .. most
end

local function next_step(name, done)
  if not name then return "lab start 01 begins with the first" end
  if not done then
    return "you are at " .. name:sub(1, 2) .. ": lab read tells what to do, lab check judges it"
  end
  local behind = labs.find(tostring(tonumber(name:sub(1, 2)) + 1))
  return behind and "next: lab start " .. behind:sub(1, 2) or "that was the last one"
end

function lab.list()
  if #labs.names() == 0 then error(labs.missing(), 0) end
  local rows, points, all, done = {}, 0, 0, false
  for i, name in ipairs(labs.names()) do
    local l, known = labs.load(name), progress.known(name)
    local most, here = labs.points(l), name == progress.present()
    rows[i] = { here and "=>" or "  ", name:sub(1, 2), l.title, l.teaches[1],
        points_shown(known, most) }
    points, all = points + (known and known.points or 0), all + most
    if here then done = known and known.points == most end
  end
  say(text.columns(rows, { [5] = true }))
  say("M01 and the like are what many believe, and the lab puts to the test: help M01")
  say(("%d of %d points; %s"):format(points, all, next_step(progress.present(), done)))
end

-- start, read ------------------------------------------------------------------------------------

local function read_readme(name)
  local words, why = files.read(labs.load(name).folder .. "/README.md")
  return words or error(why, 0)
end

-- What stands between the title and the first heading.
local function question_of(readme)
  local words = ("\n" .. readme .. "\n## "):match("\n# [^\n]*\n+(.-)%s*\n##? ")
  return (words:gsub("%*%*", ""))
end

local function value_shown(value)
  if type(value) == "string" then
    return text.string(#value > 24 and value:sub(1, 24) .. "..." or value):match("^[^\n]*")
  end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for i, inner in ipairs(value) do parts[i] = value_shown(inner) end
  return #parts > 0 and table.concat(parts, ", ") or "..."
end

-- What was drawn, by name: that of everybody who has no course secret.
local function numbers(values)
  local names = {}
  for name in pairs(values) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = name .. " = " .. value_shown(values[name]) end
  return table.concat(names, "; ")
end

local function copy_new(from, to)
  if core.kind_of_file(to) then return false end
  local words, why = files.read(from)
  if not words then error(why, 0) end
  files.replace(to, words)
  return true
end

-- The folder to work in: where it was started before, or a new one in `parent`.
local function folder_for(name, parent)
  local known = progress.known(name)
  if not parent and file_in(known and known.folder) then return known.folder end
  parent = parent or "."
  if core.kind_of_file(parent) ~= "folder" then
    error("there is no folder " .. parent .. "\n  make it first, or leave it out", 0)
  end
  local folder = name_of_folder(core.full_path(parent)) == name and parent or parent .. "/" .. name
  if core.kind_of_file(folder .. "/grade.lua") then
    error("the labs themselves lie here\n  lab start " .. name:sub(1, 2) ..
        " FOLDER makes yours in another place", 0)
  end
  local fine, why = core.make_folder(folder)
  if not fine then error(folder .. " cannot be made: " .. why, 0) end
  return core.full_path(folder)
end

function lab.start(wanted, parent)
  local name = wanted and labs.named(wanted)
  if not name then error("lab start wants a lab\n  as in: lab start 01; lab list shows them", 0) end
  local l, folder = labs.load(name), folder_for(name, parent)
  local driver = folder .. "/" .. DRIVER
  local made = copy_new(l.folder .. "/start.lua", driver)
  copy_new(l.folder .. "/README.md", folder .. "/README.md")
  progress.of(name).folder = folder
  progress.turn_to(name)
  progress.keep()
  say(text.paint("bold", name:sub(1, 2) .. ": " .. l.title) .. "\n")
  say(question_of(read_readme(name)) .. "\n")
  say_wrapped("Your numbers: " .. numbers(open_values(l)))
  say_wrapped("Your file: " .. short(driver) .. (made and ", to be edited in a second window" or
      ", as you left it; to begin anew delete it, then lab start"))
  say_wrapped("Next: lab read (or README.md beside it) tells the rest, lab run plays your file " ..
      "here, lab check judges it, lab hint helps.")
end

-- One screen at a time where a person reads, until that is enough.
local function page(lines)
  local rows = math.max((core.rows() or math.maxinteger) - 2, 4)
  for i, line in ipairs(lines) do
    say(line)
    if i % rows == 0 and i < #lines then
      io.stdout:write(text.paint("dim", "[Return: more, q: to the prompt]"), " ")
      io.stdout:flush()
      local answer = io.stdin:read("l") or ""
      if answer:find("^%s*[qQ]%s*$") then return end
      if answer:find("%S") then return say("The prompt takes that line; lab read begins again.") end
    end
  end
end

function lab.read(wanted)
  local name = wanted and labs.named(wanted) or present()
  local readme, lines = read_readme(name):gsub("%*%*(.-)%*%*", function(words)
    return text.paint("bold", words)
  end), {}
  for line in readme:gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line:find("^#+ ") and text.paint("bold", (line:gsub("^#+ ", ""))) or line
  end
  page(lines)
end

-- run, replay ------------------------------------------------------------------------------------

-- An error of Lua, with what to do about it, and still with its place in the file.
local function error_shown(message)
  local better = require("line").improve(message)
  local place = message:match("^driver%.lua:%d+: ")
  return place and not better:find(place, 1, true) and place .. better or better
end

local function say_failure(failure)
  local message = tostring(failure.message)
  if failure.kind == "error" then message = error_shown(message) end
  for line in message:gmatch("[^\n]+") do say_wrapped(line, line:match("^%s*")) end
end

local function prediction_shown(p)
  return ("%s: you said %s; %s%s"):format(p.board, p.said, p.right and "so it is" or "it is " ..
      p.truth, p.first ~= p.said and "; at first you said " .. p.first or "")
end

-- Each question once, below it what was said of each board.
local function say_predictions(list)
  local asked = {}
  for _, p in ipairs(list) do
    if not asked[p.question] then
      asked[p.question] = true
      say_wrapped(p.question, "  ")
      for _, other in ipairs(list) do
        if other.question == p.question then say_wrapped(prediction_shown(other), "    ") end
      end
    end
  end
end

local function all_right(predictions)
  for _, p in ipairs(predictions) do
    if not p.right then return false end
  end
  return true
end

-- What the machine has to tell now, and how it is asked.
local function say_aftermath(failure, predictions)
  local broken = #core.violations() > 0
  if failure and failure.kind == "error" and not broken then return end
  if not (failure or broken) then
    say_wrapped("It did what it should, this once" .. (all_right(predictions) and "" or
        ", but for what was predicted") .. ". lab check tries what else hardware may do.")
  elseif session.mode == "lab" then
    say_wrapped("At the prompt (dmalab) lab run leaves the machine as it is now, to be looked at.")
  else
    say_wrapped((broken and "why() tells how it came about; " or "") ..
        "show trace 20, show cache and view show the machine as it is now.")
  end
end

local function play_here(name, path, board, choices)
  local l = labs.load(name)
  progress.turn_to(name)
  local failure, predictions = play.once(l, open_values(l), source_of(path), board, choices)
  session.report_quiet()
  if failure then say_failure(failure) end
  progress.note_predictions(name, predictions)
  progress.keep()
  say_predictions(predictions)
  say_aftermath(failure, predictions)
  return not failure and #core.violations() == 0
end

-- `run on x86`, `run FILE`, `run FILE on x86`.
local function words_of_run(...)
  local words = { ... }
  local word = words[1] ~= "on" and table.remove(words, 1) or nil
  for _, board in ipairs(settings.boards()) do
    if word == board then error("a board stands behind on\n  as in: lab run on " .. board, 0) end
  end
  if #words > 0 and (words[1] ~= "on" or #words ~= 2) then
    error("lab run takes a file, then on and a board\n  as in: lab run on x86", 0)
  end
  return word, words[2]
end

function lab.run(...)
  local word, on = words_of_run(...)
  local name, path = target(word)
  local board = play.board(labs.load(name), on)
  say_wrapped(("plays %s once on a fresh %s, all calm"):format(short(path), board.board))
  session.instead = ("lab(%q, %q, %q, %q)"):format("run", path, "on", board.board)
  return play_here(name, path, board)
end

function lab.replay(word)
  local name, path = target(word)
  local broken = (progress.known(name) or {}).broken
  if not broken then error("nothing was found to play again\n  lab check looks for it", 0) end
  say_wrapped(("plays %s once on a fresh %s, as lab check found it to break"):format(short(path),
      broken.machine.board))
  for _, sentence in ipairs(broken.story or {}) do say(text.labelled("  -", 4, sentence, 78)) end
  session.instead = ("lab(%q, %q)"):format("replay", path)
  return play_here(name, path, broken.machine, broken.choices)
end

-- check ------------------------------------------------------------------------------------------

-- The first check that is not passed in full, the others in a line each.
local function in_short(r)
  local short_one, told = setmetatable({ checks = {} }, { __index = r }), false
  for i, check in ipairs(r.checks) do
    if check.outcome ~= "pass" and not told then
      told = true
      short_one.checks[i] = setmetatable({ message = error_shown(check.message or "") },
          { __index = check })
    else
      short_one.checks[i] = { title = check.title, points = check.points, max = check.max,
          outcome = check.outcome, message = r.message }
    end
  end
  return short_one
end

-- The first run that broke, so that it can be played again.
local function broken_of(r)
  for _, check in ipairs(r.checks) do
    if check.choices and (check.moment or #check.choices > 0) then
      return { choices = check.choices, machine = check.machine,
          story = table.move(check.story, 1, #check.choices, 1, {}) }
    end
  end
end

local function graded(l, path)
  local item = { student = "", path = path, recording = path:match("^(.*/)") .. BROKEN }
  local fine, why = pcall(grader.grade, l, { item }, {})
  core.student_close()
  if not fine then error(why, 0) end
  return item.result
end

local function note_result(name, r)
  local known = progress.of(name)
  known.points = math.max(known.points or 0, r.score)
  known.broken = broken_of(r)
  progress.turn_to(name)
  progress.note_predictions(name, r.predictions or {})
  progress.keep()
  return known
end

local function say_next(name, path, r, known)
  if known.broken then
    say_wrapped("Look at it: lab replay plays this run at the prompt, for why() and show; view " ..
        short(path:match("^(.*/)") .. BROKEN) .. " opens a window on it")
  end
  if result.full(r) then
    local step = next_step(name, true)
    return say(step:sub(1, 1):upper() .. step:sub(2))
  end
  local left = #labs.load(name).hints - (known.hints or 0)
  say_wrapped(("%d of %d points. Mend what the first -- tells and check again: the others may " ..
      "follow. %s"):format(r.score, r.max, left > 0 and "lab hint helps (" .. left .. " left)." or
      "lab hint shows all hints."))
end

function lab.check(word)
  local name, path = target(word)
  source_of(path)
  local r = graded(labs.load(name), path)
  local known = note_result(name, r)
  io.stdout:write(require("grade/formats/text").write(in_short(r)))
  say_predictions(r.predictions or {})
  if known.points > r.score then say("  best so far: " .. known.points) end
  say_next(name, path, r, known)
  return result.full(r)
end

-- hint -------------------------------------------------------------------------------------------

local function say_hint(hints, i)
  local label = ("%d of %d:"):format(i, #hints)
  say(text.labelled(label, #label + 1, hints[i]))
end

function lab.hint(wanted)
  local name = wanted and labs.named(wanted) or present()
  local hints, known = labs.load(name).hints, progress.of(name)
  local taken = known.hints or 0
  if taken < #hints then
    known.hints = taken + 1
    say_hint(hints, known.hints)
  else
    for i = 1, #hints do say_hint(hints, i) end
    say("There are no more.")
  end
  progress.keep()
end

-- What there is ----------------------------------------------------------------------------------

local function known_words() return session.commands.lab.complete end

local function known_word(word)
  for _, known in ipairs(known_words()) do
    if known == word then return true end
  end
  local hint = labs.find(word) and "\n  lab start " .. word .. " begins with it" or
      near.hint(word, known_words()) .. "\n  lab takes " .. table.concat(known_words(), ", ") ..
      "; help lab tells more"
  error("lab has no " .. word .. hint, 0)
end

-- false where a file is not what it should be.
local function perform(words)
  for i, word in ipairs(words) do words[i] = tostring(word) end
  local word = table.remove(words, 1) or "list"
  known_word(word)
  local takes = debug.getinfo(lab[word], "u")
  if #words > takes.nparams and not takes.isvararg then
    error("too many words behind lab " .. word .. ": " .. words[takes.nparams + 1] ..
        "\n  help lab shows what it takes", 0)
  end
  progress.load()
  local fine, answer = pcall(lab[word], table.unpack(words))
  local trouble = progress.trouble()
  if trouble then say(trouble) end
  if not fine then error(answer, 0) end
  return answer ~= false
end

-- The command of the prompt.
function lab.lab(...) perform({ ... }) end

-- `dmalab lab ...`. Answers the exit status.
function lab.main(words)
  session.speaks = true
  if words[1] == "--help" or words[1] == "-h" then
    require("help").help("lab")
    return 0
  end
  local fine, answer = pcall(perform, words)
  if fine then return answer and 0 or 1 end
  io.stdout:flush()
  io.stderr:write("dmalab: ", tostring(answer), "\n")
  return 2
end

return lab
