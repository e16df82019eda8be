-- `explore`: a driver under every schedule the hardware may choose, up to a number of deviations
-- from calm, and the smallest one that breaks it.
--
-- The search is by levels. Level 0 is the calm run; its questions, each with each other answer, are
-- the schedules of level 1; the questions behind the deviation of one of those make level 2. So a
-- schedule is a list of (question, answer), and each is played once, from the start: the machine is
-- put back, the function is called again. The first level that breaks has the fewest deviations; of
-- its schedules the shortest is taken, then the first. How many processes share a level changes
-- nothing. Behind the bound schedules are drawn at random, and what breaks is shrunk until each
-- deviation is needed.

local settings = require "settings"
local session = require "session"
local share = require "share"
local story = require "story"
local text = require "text"

local explore = {}

local PACKED = "<I4B"      -- of a deviation: question, answer; of a question: number, options
local FEW = 200            -- schedules that are not worth another process

local defaults = { bound = 2, runs = 200000, samples = 1000, seed = 1 }
local known = { bound = "number", runs = "number", seconds = "number", samples = "number",
    seed = "number", jobs = "number", oracle = "function", boards = "boards", record = "string", told = "function",
    rules = "rules", thorough = "boolean", shows = "boolean" }

local function plural(n, word) return text.count(n, word) end

-- Options --------------------------------------------------------------------------------------

local function check_option(key, value)
  local wants = known[key]
  if not wants then
    error("explore has no option " .. tostring(key) .. "; help explore lists them", 0)
  end
  local fine = type(value) == wants
  if wants == "boards" then fine = value == "all" or type(value) == "table" end
  if wants == "rules" then fine = value == false or type(value) == "table" end
  if wants == "number" then fine = fine and value >= 0 end
  if not fine then error("explore: " .. key .. " = " .. tostring(value) .. " will not do", 0) end
end

-- The broken rules that count, as a mask in the order of core.rules: those listed, none (false), or
-- all that are errors.
local function rules_mask(list)
  local bit, mask = {}, 0
  for i, rule in ipairs(core.rules) do
    bit[rule.name] = 1 << (i - 1)
    if list == nil and rule.severity == "error" then mask = mask | bit[rule.name] end
  end
  for _, name in ipairs(list or {}) do
    mask = mask | (bit[name] or error("explore: there is no rule " .. tostring(name)
        .. "; help rules lists them", 0))
  end
  return mask
end

local function options_of(given)
  local o = {}
  for key, value in pairs(given or {}) do
    check_option(key, value)
    o[key] = value
  end
  for key, value in pairs(defaults) do
    if o[key] == nil then o[key] = value end
  end
  o.warns = o.rules == nil
  o.rules = rules_mask(o.rules)
  o.jobs = math.max(1, math.min(64, o.jobs or core.cores()))
  o.until_second = o.seconds and core.seconds() + o.seconds
  return o
end

local function shown(value)
  if type(value) ~= "string" then return tostring(value) end
  return ("%q"):format(#value > 24 and value:sub(1, 24) .. "..." or value)
end

-- What is played: the function, and then the oracle on what it returned.
local function with_oracle(fn, oracle)
  if not oracle then return fn end
  return function()
    local results = table.pack(fn())
    if not oracle(table.unpack(results, 1, results.n)) then
      error("the oracle did not expect " .. shown(results[1]), 0)
    end
  end
end

-- One run --------------------------------------------------------------------------------------

local UNSTEADY = "the function does not do the same each time it is played\n" ..
    "  it keeps something outside itself that changes; let it make all it uses"
local REFUSED = "in what explore plays"      -- machine, undo, explore: a mistake, not a verdict

local function refuse(run)
  if run.verdict == "unsteady" then error(UNSTEADY, 0) end
  if run.verdict == "error" and run.why:find(REFUSED, 1, true) then error(run.why, 0) end
end

-- What one run came to, as a string that can travel between processes.
local function run_packed(play, deviations, o, odds, seed)
  local verdict, why, length, log, whole =
      core.explore_run(play, deviations, odds, seed, o.thorough, o.rules)
  if o.last and not odds then log = "" end      -- nobody will ask what comes behind
  return string.pack("<s1s2I4s4B", verdict, why or "", length, log, whole and 1 or 0)
end

local function unpacked(packed)
  local verdict, why, length, log, whole = string.unpack("<s1s2I4s4B", packed)
  return { verdict = verdict, why = why, length = length, log = log, whole = whole == 1 }
end

local function breaks(run) return run.verdict == "violation" or run.verdict == "error" end

-- A level --------------------------------------------------------------------------------------

local function out_of_time(o) return o.until_second and core.seconds() >= o.until_second end

local function show_progress(o, done, total)
  if not (o.shows and core.terminal) then return end
  io.stderr:write(("\r%s: %d of %s  "):format(o.doing, done, plural(total, "schedule")))
end

local function end_progress(o)
  if o.shows and core.terminal then io.stderr:write("\r", (" "):rep(70), "\r") end
end

-- The strings one(1) .. one(n) answers; fewer when time is out or somebody pressed Ctrl-C.
local function all_of(n, o, one)
  if o.jobs > 1 and n >= FEW then
    return share(o.jobs, n, one, function(done)
      show_progress(o, done, n)
      return out_of_time(o) or core.explore_interrupted()
    end)
  end
  local list = {}
  for i = 1, n do
    list[i] = one(i)
    if core.explore_interrupted() then list[i] = nil end
    if core.explore_interrupted() or out_of_time(o) then break end
    if i % 256 == 0 then show_progress(o, i, n) end
  end
  return list
end

-- Plays a list of schedules. Answers the runs by their place in it, and whether all are there.
local function play_level(play, level, o)
  local runs, whole = {}, true
  local packed = all_of(#level, o, function(i) return run_packed(play, level[i], o) end)
  end_progress(o)
  for i = 1, #level do
    local run = packed[i] and unpacked(packed[i])
    if run then refuse(run) end
    if run and run.verdict == "interrupted" then run = nil end
    runs[i] = run
    whole = whole and run ~= nil
  end
  return runs, whole
end

-- The shortest that breaks, of equals the first.
local function smallest(level, runs)
  local best
  for i = 1, #level do
    local run = runs[i]
    if run and breaks(run) and (not best or run.length < best.length) then
      best = run
      best.deviations = level[i]
    end
  end
  return best
end

-- The schedules with one deviation more, at most `room`; whether those are all.
local function next_level(level, runs, room)
  local list, whole = {}, true
  for i = 1, #level do
    local last = level[i] == "" and 0 or string.unpack(PACKED, level[i], -5)
    local log = runs[i].log
    whole = whole and runs[i].whole
    for at = 1, #log, 5 do
      local number, options = string.unpack(PACKED, log, at)
      for answer = 1, number > last and options - 1 or 0 do
        if #list == room then return list, false end
        list[#list + 1] = level[i] .. string.pack(PACKED, number, answer)
      end
    end
  end
  return list, whole
end

-- The search -----------------------------------------------------------------------------------

local function count(runs)
  local n = 0
  for _ in pairs(runs) do n = n + 1 end
  return n
end

-- By levels: fills in what was found.
local function by_levels(play, o, found)
  local level, whole = { "" }, true
  for deviations = 0, o.bound do
    local runs, done
    o.doing, o.last = plural(deviations, "deviation"), deviations == o.bound and deviations > 0
    runs, done = play_level(play, level, o)
    found.runs = found.runs + count(runs)
    found.by_level[deviations] = count(runs)
    found.first = found.first or runs[1]
    found.counter = smallest(level, runs)
    if found.counter or not done then return end
    if whole then found.exhaustive = deviations end
    if whole and #level == 0 then
      found.everything, found.exhaustive = true, o.bound
      return
    end
    if deviations < o.bound then
      local all
      level, all = next_level(level, runs, o.runs - found.runs)
      whole = whole and all
    end
  end
end

-- Take away what is not needed to break it.
local function shrunk(play, o, run)
  local at = 1
  while at <= #run.deviations do
    local less = run.deviations:sub(1, at - 1) .. run.deviations:sub(at + 5)
    local try = unpacked(run_packed(play, less, o))
    if breaks(try) then
      run = try
      run.deviations, at = less, 1
    else
      at = at + 5
    end
  end
  return run
end

-- Beyond the bound, at random: about four deviations each.
local function by_chance(play, o, found)
  local questions = found.first and #found.first.log // 5 or 0
  local odds = math.max(2, questions // 4)
  if o.samples == 0 or questions == 0 then return end
  o.doing = "at random"
  local packed = all_of(o.samples, o, function(i)
    return run_packed(play, "", o, odds, o.seed * 1000003 + i)
  end)
  end_progress(o)
  for i = 1, o.samples do
    local run = packed[i] and unpacked(packed[i])
    if run and run.verdict ~= "interrupted" then
      found.sampled = found.sampled + 1
      run.deviations = run.log
      if breaks(run) and #run.log <= 64 * 5 and not found.counter then found.counter = run end
    end
  end
  if found.counter then found.counter = shrunk(play, o, found.counter) end
end

-- Without any one of its deviations all is well: then it is as small as it can be.
local function is_minimal(play, o, counter)
  for at = 1, #counter.deviations, 5 do
    local less = counter.deviations:sub(1, at - 1) .. counter.deviations:sub(at + 5)
    if breaks(unpacked(run_packed(play, less, o))) then return false end
  end
  return true
end

local function choices_of(deviations)
  local list = {}
  for at = 1, #deviations, 5 do
    local question, answer = string.unpack(PACKED, deviations, at)
    list[#list + 1] = { question = question, answer = answer }
  end
  return list
end

local function packed_choices(choices)
  local parts = {}
  for i, c in ipairs(choices) do
    if type(c) ~= "table" or not (math.tointeger(c.question) and math.tointeger(c.answer)) then
      error("a choice is { question =, answer = }; explore finds them", 0)
    end
    parts[i] = string.pack(PACKED, c.question, c.answer)
  end
  return table.concat(parts)
end

-- Result ---------------------------------------------------------------------------------------

local result = {}      -- metatable: how the prompt shows one

local function covered(r)
  local words = {}
  if r.exhaustive < 0 then
    words[1] = "not even the calm one was played to its end"
  elseif r.everything then
    words[1] = "these are all there are"
  elseif r.exhaustive == 0 then
    words[1] = "the calm one"
  else
    words[1] = "all with up to " .. plural(r.exhaustive, "deviation")
  end
  if r.sampled > 0 then
    words[#words + 1] = r.sampled .. " drawn at random beyond (seed " .. r.seed .. ")"
  end
  return table.concat(words, ", and ")
end

local stops = { interrupted = "stopped by Ctrl-C", time = "stopped, for time was out",
    runs = "stopped at the limit of runs" }

-- How to look at the schedule that was found.
local function hint(r)
  if r.unrecorded then return "it is not recorded: " .. r.unrecorded end
  if r.recorded then
    return "dmalab view " .. r.recorded .. " goes through this one" ..
        (r.deviations > 0 and "; there /nature finds each deviation, a dot above the lanes" or "")
  end
  if session.mode == "explore" then
    return "--record FILE keeps this one, and dmalab view FILE goes through it"
  end
  return "replay(fn, result) plays this one here, " .. (r.kind == "violation"
      and "and why() explains it" or "and show trace tells it")
end

-- What was drawn at random needs all it has, but another schedule might do with fewer.
local function told_size(r)
  if r.deviations == 0 then return "it breaks when all is calm:" end
  return "it breaks with " .. plural(r.deviations, "deviation") .. " from calm" ..
      (r.exhaustive >= r.deviations - 1 and ", and not with fewer:" or r.minimal
      and ", each of them needed:" or ":")
end

local function told_break(r)
  local head = told_size(r)
  return ("%s\n%s\n%s played\n  %s"):format(head, r.story, plural(r.runs + r.sampled, "schedule"),
      text.wrap(hint(r), 76, "  "))
end

local function told_hold(r)
  if r.everything and r.runs == 1 then
    return "it does not break, and there is one schedule: nature has nothing to choose"
  end
  return "no schedule of " .. r.runs + r.sampled .. " breaks it: " .. covered(r)
end

local function told_stop(r)
  return "none of " .. plural(r.runs + r.sampled, "schedule") .. " broke it: " .. covered(r) ..
      "; " .. stops[r.stopped]
end

function result.__tostring(r)
  if r.verdict == "breaks" then return told_break(r) end
  local words = text.wrap((r.verdict == "holds" and told_hold or told_stop)(r), 78, "  ")
  for _, rule in ipairs(r.warnings) do
    words = words .. "\n  warned of: " .. rule .. " (help " .. rule .. ")"
  end
  return words
end

local function verdict_of(o, found)
  if found.counter then return "breaks" end
  return found.exhaustive >= o.bound and "holds" or "stopped"
end

-- What kind of failure a message of Lua's tells.
local function kind_of(run)
  if run.verdict == "violation" then return "violation" end
  if run.why:find("this would wait for ever", 1, true) or run.why:find(" hangs: ", 1, true) then
    return "deadlock"
  end
  return run.why:find("Unable to handle kernel paging request", 1, true) and "oops" or "error"
end

-- Played once more, it has to come out as it did.
local function again(play, o, run)
  local now = unpacked(run_packed(play, run.deviations, o))
  if now.verdict ~= "interrupted" and (now.verdict ~= run.verdict or now.length ~= run.length) then
    error(UNSTEADY, 0)
  end
end

local function keep_recording(play, o, r, counter)
  local fine, why = pcall(core.explore_record, play, counter.deviations, o.record)
  r.recorded, r.unrecorded = fine and o.record or nil, not fine and why or nil
end

-- Its events are those of the last time it was played.
local function tell_counter(play, o, r, counter)
  r.kind, r.why, r.length = kind_of(counter), counter.why, counter.length
  r.choices = choices_of(counter.deviations)
  r.deviations = #r.choices
  r.minimal = is_minimal(play, o, counter)
  again(play, o, counter)
  r.story = story.of(o.started, r)
  if o.told then
    o.told(r, function(file) core.explore_record(play, counter.deviations, file) end)
  end
  if o.record then keep_recording(play, o, r, counter) end
end

-- Nothing is lost yet, but the driver is not right either: rules that only warn, broken when calm.
-- Who says which rules count has said that these do not.
local function tell_warnings(play, o, r, calm)
  local met = {}
  calm.deviations = ""
  again(play, o, calm)
  if not o.warns then return end
  for _, v in ipairs(core.violations()) do
    if v.severity == "warning" and not met[v.rule] then table.insert(r.warnings, v.rule) end
    met[v.rule] = true
  end
end

-- On the machine that is on: it is put back behind.
local function explore_here(fn, o)
  local play = with_oracle(fn, o.oracle)
  local found = { runs = 0, sampled = 0, exhaustive = -1, by_level = {} }
  o.started = core.explore_start()
  local began = core.seconds()
  by_levels(play, o, found)
  local interrupted = core.explore_interrupted()
  if not (found.counter or found.everything or interrupted or out_of_time(o)) then
    by_chance(play, o, found)
  end
  local r = setmetatable({ runs = found.runs, by_level = found.by_level, bound = o.bound,
      exhaustive = found.exhaustive, sampled = found.sampled, seed = o.seed,
      seconds = core.seconds() - began, verdict = verdict_of(o, found), warnings = {} }, result)
  if r.verdict == "stopped" then
    r.stopped = core.explore_interrupted() and "interrupted" or out_of_time(o) and "time" or "runs"
  end
  r.everything, r.holds = found.everything, r.verdict == "holds"
  if found.counter then tell_counter(play, o, r, found.counter)
  elseif found.first then tell_warnings(play, o, r, found.first) end
  return r
end

local nowhere = io.open("/dev/null", "w")

-- What a driver prints it would print once a schedule. Answers how to let it speak again.
local function silence()
  local printed, out = _G.print, io.output()
  _G.print = function() end
  io.output(nowhere)
  return function()
    _G.print = printed
    io.output(out)
  end
end

-- Whatever happens, the session has its machine again.
local function aside(fresh, work)
  local announce, chosen = core.announce, session.chosen
  core.explore_open(fresh)
  core.announce = nil
  local speak = silence()
  local fine, answer = pcall(work)
  speak()
  core.announce = announce
  session.chosen = chosen
  core.explore_close()
  if not fine then error(answer, 0) end
  return answer
end

-- Boards ---------------------------------------------------------------------------------------

local boards_result = {}

local function names(list, holds)
  local out = {}
  for _, r in ipairs(list) do
    if (r.verdict == "holds") == holds then out[#out + 1] = r.board end
  end
  return out
end

-- Would it hold where the CPU reads nothing ahead?
local function without_prefetch(list)
  for _, r in ipairs(list) do
    if r.verdict == "breaks" and r.unspeculated ~= "holds" then return false end
  end
  return true
end

local function in_short(list)
  local good = names(list, true)
  if #good == #list then return "right on every board" end
  if without_prefetch(list) then return "right where the CPU does not read ahead" ..
      (#good > 0 and ", and on " .. table.concat(good, ", ") or "") end
  if #good == 0 then return "right on no board" end
  return "right on " .. table.concat(good, ", ") .. " only"
end

function boards_result.__tostring(list)
  local rows = { { "board", "verdict", "deviations", "what breaks", "schedules" } }
  for _, r in ipairs(list) do
    rows[#rows + 1] = { r.board, r.verdict, r.deviations and tostring(r.deviations) or "-",
        r.why and r.why:match("[^\n]*"):sub(1, 30) or "-", tostring(r.runs + r.sampled) }
  end
  return text.columns(rows, { false, false, true, false, true }) .. "\n" .. list.text
end

local function on_board(fn, o, board)
  settings.power_on(board)
  return explore_here(fn, o)
end

local function over_boards(fn, o)
  local list = {}
  for i, name in ipairs(o.boards == "all" and settings.boards() or o.boards) do
    local r = on_board(fn, o, { board = name })
    r.board = name
    if r.verdict == "breaks" then
      r.unspeculated = on_board(fn, o, { board = name, speculates = false }).verdict
    end
    list[i] = r
    if r.stopped == "interrupted" then break end
  end
  list.text = in_short(list)
  list.holds = #names(list, true) == #list
  return setmetatable(list, boards_result)
end

-- What there is --------------------------------------------------------------------------------

function explore.explore(fn, given)
  if type(fn) ~= "function" then
    error("explore takes a function, as in explore(function() ... end)", 0)
  end
  if given ~= nil and type(given) ~= "table" then
    error("explore takes a table of options, as in explore(fn, { bound = 1 })", 0)
  end
  local o = options_of(given)
  if o.record and o.boards then
    error("a recording is of one board\n  leave boards out, or record", 0)
  end
  o.shows = session.speaks or o.shows
  return aside(o.boards ~= nil, function()
    return o.boards and over_boards(fn, o) or explore_here(fn, o)
  end)
end

-- Plays a function once with the choices of a result, or a list of { question =, answer = }; here
-- everybody looks.
function explore.replay(fn, choices)
  if type(fn) ~= "function" or type(choices) ~= "table" then
    error("replay takes a function, and the result of explore, or a list of choices", 0)
  end
  core.follow(packed_choices(choices.choices or choices))
  local answer = table.pack(pcall(fn))
  local missed = core.follow()
  if not answer[1] then error(answer[2], 0) end
  if missed > 0 then
    error(plural(missed, "choice") .. " never came up: this is not the machine explore began " ..
        "with\n  undo leads back to it, or machine{} and explore again", 0)
  end
  return table.unpack(answer, 2, answer.n)
end

return explore
