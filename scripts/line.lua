-- What a line of input means, and what is answered.
--
-- A line is an expression, a statement, or a command line (`kmalloc 256`). Around each one stands a
-- snapshot, so that it can be taken back; the lines are kept, so that the session can be saved.

local objects = require "objects"
objects.watch()
require "api"
local answer = require "answer"
local near = require "near"
local session = require "session"
local text = require "text"

local line_of = { assigned = {} }   -- assigned: names that had a value once

local api = {}
for _, row in ipairs(core.api) do api[row.name] = row end

local compile = core.compile

-- Names a line could have meant: ours and the user's.
function line_of.names()
  local names = {}
  for name in pairs(_G) do names[#names + 1] = name end
  return names
end

local function split(words)
  local out, at = {}, 1
  while true do
    at = words:find("[^%s,]", at)
    if not at then return out end
    local from, depth, quote = at, 0, nil
    while at <= #words do
      local c = words:sub(at, at)
      if quote then
        if c == "\\" then at = at + 1 elseif c == quote then quote = nil end
      elseif c:find("[\"']") then quote = c
      elseif c:find("[%(%[{]") then depth = depth + 1
      elseif c:find("[%)%]}]") then depth = depth - 1
      elseif depth <= 0 and c:find("[%s,]") then break end
      at = at + 1
    end
    local word = words:sub(from, at - 1)
    -- `--beside` is an option, `-- beside` a comment.
    if (word .. " "):find("^%-%-%W") then return out end
    out[#out + 1] = word
  end
end

-- A word of a command line: what it is worth in Lua, or itself; and whether it is Lua.
function line_of.value(word)
  local chunk = compile("return " .. word, "=line")
  if not chunk then return word, false end
  local value = chunk()
  if value == nil then return word, false end
  return value, true
end

-- A file's name may stand in quotes.
local function unquoted(word) return word:match("^([\"'])(.*)%1$") and word:sub(2, -2) or word end

local function call_of(name, words) return name .. "(" .. table.concat(words, ", ") .. ")" end

-- name, words: when the line is a command line.
local function command_line(line)
  local name, rest = line:match("^%s*([%a_][%w_]*)(.*)$")
  local row = name and (session.commands[name] or api[name])
  if not row or rest:find("^[^%s]") then return end
  -- `save ./file` is no Lua; `step = 5` and `cat { }` are.
  if rest:find("^%s*[%(=%.:%[{,]") and not rest:find("^%s+%.%.?/") then return end
  local words = split(rest)
  -- A variable of the user's with the name of a command is a variable.
  if #words == 0 and rawget(_G, name) ~= session.known[name] then return end
  return name, words
end

-- What a command line does, as `run`, and the same as Lua, as `call`: for a saved script. Which
-- words are Lua is known when they have been evaluated, once, in `run`.
local function command(name, words)
  local row = session.commands[name]
  local f = row and row.run or session.known[name]
  local raw, call = row and row.raw, {}
  local meaning = { kind = "command", group = row and row.group }
  for i, word in ipairs(words) do
    if raw then words[i] = unquoted(word) end
  end
  for i, word in ipairs(words) do
    call[i] = not raw and compile("return " .. word) and word or string.format("%q", word)
  end
  meaning.call = call_of(name, call)
  function meaning.run()
    local values = {}
    for i, word in ipairs(words) do
      local is_lua = false
      values[i] = word
      if not raw then values[i], is_lua = line_of.value(word) end
      call[i] = is_lua and word or string.format("%q", word)
    end
    meaning.call = call_of(name, call)
    return f(table.unpack(values, 1, #words))
  end
  return meaning
end

-- Names (or paths of names) on the left of an assignment; none when it is no plain one.
local function targets(line)
  local left = line:match("^([%w_%.,%s]+)=[^=]")
  local names = {}
  for name in (left or ""):gmatch("[^,]+") do
    name = name:match("^%s*([%a_][%w_%.]*)%s*$")
    if not name then return {} end
    names[#names + 1] = name
  end
  return names
end

-- What a line means: a function to call and how to speak of it, or nil and what is wrong.
local function understand(line)
  local name, words = command_line(line)
  if name then return command(name, words) end
  line = line:gsub("^%s*=", "return ", 1)
  local chunk, why = compile("return " .. line, "=line")
  if chunk then return { run = chunk, kind = "expression", expression = line } end
  local no_expression = why
  chunk, why = compile(line, "=line")
  if not chunk then
    -- The message of the attempt that got further.
    local at = why:match("near '(.*)'$")
    local at_once = at and line:match("^%s*(.*)"):sub(1, #at) == at
    if no_expression:find("near <eof>$") or at_once then why = no_expression end
    return nil, why
  end
  return { run = chunk, kind = line:find("^%s*return%s") and "expression" or "statement",
           expression = line:match("^%s*return%s+(.*)$"), targets = targets(line) }
end

local function changes_since(before)
  local changes = {}
  for name, value in pairs(_G) do
    if before[name] ~= value then changes[name] = { old = before[name], new = value } end
  end
  for name, value in pairs(before) do
    if rawget(_G, name) == nil then changes[name] = { old = value } end
  end
  return changes
end

-- Messages -------------------------------------------------------------------------------------

-- Is this path, without .lua, that of one of our own scripts?
local function is_ours(path)
  while path do
    if package.loaded[path] then return true end
    path = path:match("/(.*)")
  end
  return false
end

-- Without the place it was raised at, where that is the line itself or one of our own scripts.
local function bare(message, lines)
  local meta = getmetatable(message)
  if type(message) == "table" and not (meta and meta.__tostring) then
    return "the error is a table, not a message"
  end
  message = tostring(message)
  if is_ours(message:match("^([^\n]-)%.lua:%d+: ")) then
    message = message:gsub("^[^\n]-%.lua:%d+: ", "", 1)
  end
  if lines == 1 then return (message:gsub("^line:%d+: ", "")) end
  return (message:gsub("^line:(%d+): ", "line %1: "))
end

-- Of a name of one letter nothing can be guessed.
local function hint_for(name) return #name > 1 and near.hint(name, line_of.names()) or "" end

local function no_such_name(name)
  local habit = require("habits").of_name(name)
  if habit then return name .. ": no such name; " .. habit end
  local hint = hint_for(name)
  return name .. ": no such name" .. (hint ~= "" and hint or "; `help` lists what there is")
end

local meant = { NULL = true, ["nil"] = true, ["true"] = true, ["false"] = true }

-- Why a name of a line that failed is nil, if there is one: a mistyped name is nil, and Lua says
-- nothing of it.
local function nothing_in(line, arguments)
  line = require("habits").bare(line)
  for before, name, after in line:gmatch("()%f[%w_]([%a_][%w_]*)%s*()") do
    local stands_alone = not line:find("^[.:]", math.max(before - 1, 1))
    local is_key = line:find("^=[^=]", after)
    if arguments then
      stands_alone = line:sub(1, before - 1):find("[%(,]%s*$") and line:find("^[%),]", after)
    end
    if stands_alone and not is_key and not meant[name] and rawget(_G, name) == nil
        and compile("return " .. name) then
      return name
    end
  end
end

-- What is said of it; arguments: of whole arguments alone.
local function why_nothing(line, arguments)
  if not line then return end
  for _, word in ipairs { "function", "local", "for", "goto" } do
    if line:find("%f[%w_]" .. word .. "%f[^%w_]") then return end
  end
  local name = nothing_in(line, arguments)
  if not name then return end
  if line_of.assigned[name] then
    return name .. " is nil: the call that should have set it failed, or undo took it back"
  end
  local habit = require("habits").of_name(name)
  return name .. " is nil: nothing was assigned to it yet"
      .. (habit and "; " .. habit or hint_for(name))
end

-- "bad argument ...; write f(a, b)": the form on a line of its own.
local function with_form(message)
  local wrong, form, called = message:match("^([^\n]*); write (([%w_.:]+)%(.*%))$")
  if not wrong then return message end
  local more = "help " .. called .. " tells more"
  return wrong .. "\n  write " .. form .. (#form + #more < 68 and "; " or "\n  ") .. more
end

-- Lua's message, and where there is something to do about it, one line of what to do. The line is
-- known at the prompt alone.
function line_of.improve(message, line)
  local name = message:match("global '([%w_]+)'")
  if name and message:find("nil value") and rawget(_G, name) == nil then
    if message:find("arithmetic") and line and line:find("//%s*" .. name) then
      return name .. " is nil, and // divides; a comment begins with -- in Lua"
    end
    if message:find("call") or near.word(name, line_of.names()) then return no_such_name(name) end
    return message .. "\n  " .. name .. " is nil: nothing was assigned to it yet"
  end
  local field = message:match("attempt to call a nil value %(field '([%w_]+)'%)")
    or message:match("attempt to call a nil value %(method '([%w_]+)'%)")
  if field then
    local fields = {}
    for _, owner in ipairs { "cache", "dev" } do
      for _, candidate in ipairs(session.fields(owner)) do fields[#fields + 1] = candidate end
    end
    return "there is no function called " .. field .. near.hint(field, fields)
  end
  local indexed = message:match("attempt to index a number value %(%a+ '([%w_]+)'%)")
  if indexed then
    return indexed .. " is an address, and Lua has no pointers\n  load(" .. indexed
      .. ", 1) reads the byte there, store(" .. indexed .. ", value, 1) writes it"
  end
  local nothing = (message:find("got nil") or message:find("NULL pointer")) and why_nothing(line)
  return with_form(message) .. (nothing and "\n  " .. nothing or "")
end

-- A line that is no Lua: perhaps a command that was mistyped, or stands where none can.
local function mistyped(line, message)
  local target, rest = line:match("^%s*([%a_][%w_.]*)%s*=%s*(.+)$")
  local name_there, words = command_line(rest or "")
  if name_there then
    return "a command line cannot stand there; write " .. target .. " = "
      .. call_of(name_there, words)
  end
  local name = line:match("^%s*([%a_][%w_]*)%s+[%w_\"'/]")
  if name and rawget(_G, name) == nil and not session.commands[name]
      and compile("return " .. name) then
    local hint = near.hint(name, line_of.names())
    if hint ~= "" then return name .. ": no such command" .. hint end
  end
  local habit = require("habits").of_line(line)
  if habit then return "this looks like C; " .. habit end
  if message:find("unfinished string") then
    return message .. "\n  a string ends with the quote it began with, on the same line"
  end
  local token = message:match("near '?(.-)'?$")
  if message:find("malformed number") then
    return message .. "\n  a number is 31, or 0x1f with the digits 0 to 9 and a to f"
  end
  if message:find("syntax error") or message:find("unexpected symbol") then
    return "this is neither Lua nor a command" .. (token and ": stuck at " .. token or "")
      .. "\n  `help` lists the commands"
  end
  return message
end

-- Answers --------------------------------------------------------------------------------------

local function say(line) io.stdout:write(line, "\n") end

local function unknown_name(meaning, results)
  local name = meaning.expression and meaning.expression:match("^%s*([%a_][%w_]*)%s*$")
  return name and name ~= "nil" and name ~= "_" and results.n == 1 and results[1] == nil
    and not line_of.assigned[name] and name
end

-- Does the line ask for a mask?
local function about_masks(line) return line:lower():find("mask", 1, true) ~= nil end

local function announce_results(line, results)
  for i = 1, results.n do say(answer.text(results[i], about_masks(line))) end
  if results.n > 0 then _G._ = results[1] end
end

local function announce_targets(line, names)
  for _, name in ipairs(names) do
    line_of.assigned[name] = true
    local value = _G
    for part in name:gmatch("[^.]+") do
      local holds = type(value) == "table" or type(value) == "userdata"
      value = holds and value[part] or nil
    end
    if type(value) ~= "function" then
      say(name .. " = " .. answer.text(value, about_masks(line)))
    end
  end
end

local function local_lost(line)
  local name = line:match("^%s*local%s+([%a_][%w_]*)%s*=[^=;\n]*$")
  if name then
    say(name .. " was local to that line and is gone; write " .. name .. " = ... to keep it")
  end
end

-- A call that failed logs why, as the kernel does; from: the first event of the line.
local function kernel_says(results, targets, from)
  local failed = results[1] == nil and results.n > 0 or results[1] == DMA_MAPPING_ERROR
  for _, name in ipairs(targets or {}) do
    failed = failed or rawget(_G, name) == nil or rawget(_G, name) == DMA_MAPPING_ERROR
  end
  if not failed then return end
  for _, words in ipairs(require("proc").log(from)) do
    say(text.labelled("  kernel:", 10, words))
  end
end

-- A mistyped argument is nil, and many calls take nil: it is said.
local function nil_argument(line, meaning)
  local nothing = meaning.kind ~= "command" and why_nothing(line, true)
  if nothing then say("  " .. nothing) end
end

-- Lines ----------------------------------------------------------------------------------------

local function fail(message)
  session.failures = session.failures + 1
  for line in message:gmatch("[^\n]+") do
    local indent = line:match("^%s*")
    say(#line > 78 and indent .. text.wrap(line, 78 - #indent, indent .. "  ") or line)
  end
  return "failed"
end

-- A line was played: a board beside plays it too, and the view shows it.
local function shown(line, step)
  core.beside_play(line, step)
  core.flush()
end

-- Commands that only look, or are about the session itself, belong to no replay.
local looking = { look = true, help = true, session = true }

local function remember(line, meaning, fine, message, before)
  local entry = { text = line, kind = meaning.kind, call = session.instead or meaning.call,
      again = session.instead or line, failed = not fine,
                  expression = meaning.expression,
                  aside = looking[meaning.group] and not session.instead,
                  interrupted = not fine and tostring(message):find("interrupted", 1, true)
                      and true,
                  changes = changes_since(before) }
  if session.no_step then
    entry.aside = entry.aside or session.no_step == "aside"
  else
    entry.step = objects.keep(session.step)
  end
  table.insert(session.history, entry)
  if not entry.interrupted and (not looking[meaning.group] or session.instead) then
    shown(entry.again, entry.step)
  end
  return entry
end

local function show(line, meaning, results)
  local unknown = unknown_name(meaning, results)
  if unknown then return fail(no_such_name(unknown)) end
  announce_results(line, results)
  if meaning.targets then
    announce_targets(line, meaning.targets)
    local_lost(line)
  end
  return "done"
end

-- Play a line that is no part of the session's history: the tour's, or one tried in it.
function line_of.perform(line)
  local meaning, why = understand(line)
  if not meaning then return fail(mistyped(line, bare(why, 1))) end
  local results = table.pack(pcall(meaning.run))
  shown(line)
  if results[2] == session.leave then return "quit" end
  if not results[1] then return fail(line_of.improve(bare(results[2], 1), line)) end
  return show(line, meaning, table.pack(table.unpack(results, 2, results.n)))
end

local function play(line, meaning)
  local before = session.globals()
  local _, from = core.trace()
  session.no_step, session.instead, session.quiet = nil, nil, {}
  objects.mark()
  local results = table.pack(pcall(meaning.run))
  local fine = results[1]
  remember(line, meaning, fine, results[2], before).answers = results.n - 1
  session.report_quiet()
  if results[2] == session.leave then return "quit" end
  if not fine then
    local _, newlines = line:gsub("\n", "")
    return fail(line_of.improve(bare(results[2], newlines + 1), line))
  end
  local answers = table.pack(table.unpack(results, 2, results.n))
  local done = show(line, meaning, answers)
  if done == "done" then
    kernel_says(answers, meaning.targets, from)
    nil_argument(line, meaning)
  end
  return done
end

-- One line of input (or several, when the first ones were not complete).
function line_of.play(line)
  if line:find("^%s*$") or line:find("^%s*#!") then return "done" end
  local meaning, why = understand(line)
  if not meaning then
    if why:find("near <eof>$") and not why:find("unfinished string near")
        and not require("habits").never_ends(line) then
      return "more"
    end
    local _, newlines = line:gsub("\n", "")
    return fail(mistyped(line, bare(why, newlines + 1)))
  end
  return play(line, meaning)
end

return line_of
