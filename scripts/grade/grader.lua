-- Grades submissions, each in a child of its own (judge.lua), as many at a time as asked for.

local judge = require "grade/judge"
local result = require "grade/result"
local variant = require "grade/variant"

local grader = {}

grader.SECONDS = 20            -- of the processor, for one submission
local MEMORY = 256 << 20       -- bytes a child may grow by
local RECORDING = 16 << 20     -- bytes of the recording it leaves
local SOURCE = 256 << 10       -- bytes of a submission that are read
local SENTENCE = 1 << 20       -- bytes of what a child says at once

-- Seeds ----------------------------------------------------------------------------------------

-- The secret is read in a process of its own, which says the seeds and is gone: no child that plays
-- a student's file was ever forked from one that knew it. Answers seeds[student][k].
local function secret_seeds(lab, students, hidden, file)
  local seeds = {}
  core.child(function()
    local f, why = io.open(file, "rb")
    local secret = f and f:read("a"):gsub("%s+$", "")
    if not secret or secret == "" then
      core.say("!" .. (why or file .. " is empty, and what is no secret everybody can draw\n"
          .. "  make one with: head -c 32 /dev/urandom | base64 >" .. file))
      return
    end
    for _, student in ipairs(students) do
      for k = 0, hidden do core.say(variant.seed(secret, lab.name, student, k)) end
    end
  end)
  local told = {}
  local who, what, said = core.child_next()
  while what == "said" do
    if said:sub(1, 1) == "!" then error("--secret-file: " .. said:sub(2), 0) end
    told[#told + 1] = said
    who, what, said = core.child_next()
  end
  for i, student in ipairs(students) do
    seeds[student] = table.move(told, (i - 1) * (hidden + 1) + 1, i * (hidden + 1), 1, {})
  end
  return seeds
end

-- Without a secret there are no hidden variants: everybody could draw them.
local function open_seeds(lab, students)
  local seeds = {}
  for _, student in ipairs(students) do
    seeds[student] = { variant.seed("", lab.name, student, 0) }
  end
  return seeds
end

local function seeds_of(lab, work, options)
  local students = {}
  for i, item in ipairs(work) do students[i] = item.student end
  if options.secret_file then
    return secret_seeds(lab, students, lab.hidden or 1, options.secret_file)
  end
  return open_seeds(lab, students)
end

local function variants_of(lab, seeds)
  local variants = {}
  for k, seed in ipairs(seeds) do
    variants[k] = { values = variant.values(lab, seed), hidden = k > 1 }
  end
  return variants
end

-- One --------------------------------------------------------------------------------------------

-- The text of a submission, or nil and why not. As Lua reads a file: without the mark of UTF-8 some
-- editors begin with.
function grader.source(path)
  local text, why = core.plain_file(path, SOURCE + 1)
  if not text then return nil, why end
  if #text > SOURCE then return nil, "it is longer than " .. SOURCE // 1024 .. " KiB" end
  if text:find("^\xff\xfe") or text:find("^\xfe\xff") then
    return nil, "it is in UTF-16; save it as UTF-8"
  end
  return (text:gsub("^\xef\xbb\xbf", ""))
end

local function say(found) core.say(core.json(found, true)) end

-- Starts the child for an item of the work. Answers its number.
local function start(lab, item, seeds, options)
  local variants = variants_of(lab, seeds)
  if item.recording then os.remove(item.recording) end     -- a child of a killed run may have it open
  local keep = item.recording and core.descriptor(item.recording)
  local id, why = core.child(function()
    judge.submission(lab, item.source, variants, keep, say)
  end, { seconds = options.seconds or grader.SECONDS, memory = MEMORY,
         file = keep and RECORDING or 0, keep = keep })
  if keep then core.close(keep) end
  return id, why
end

-- What a result depends on. Two with the same key are the same.
local function key_of(lab, item, seeds, seconds)
  local r = item.result
  local parts = { r.tool, lab.text, item.student, table.concat(seeds, " "), r.sandbox, seconds,
      item.source or item.unread }
  for i, part in ipairs(parts) do parts[i] = string.pack("s", part) end
  return variant.hex(core.hmac("dmalab result")(table.concat(parts))):sub(1, 32)
end

local function begin(lab, item, seeds, seconds)
  item.source, item.unread = grader.source(item.path)
  item.result = result.new(lab, item.student, seeds[1]:sub(1, 16))
  item.result.key = key_of(lab, item, seeds, seconds)
end

-- A recording nobody wrote is none.
local function keep_recording(item)
  local file = item.recording and io.open(item.recording, "rb")
  if not file then return end
  local size = file:seek("end")
  file:close()
  if size > 0 then
    item.result.recording = item.recording:match("[^/]+$")
  else
    os.remove(item.recording)
  end
end

-- The moment of the first failure: where a rule broke, or else the end.
local function draw_recording(item)
  local r, file = item.result, item.recording:gsub("%.rec$", "") .. ".svg"
  if not r.recording then return end
  local wanted = { recording = item.recording, output = file, at = "violation:1" }
  local why = core.draw(wanted)
  wanted.at = nil
  if why then why = core.draw(wanted) end
  if not why then r.picture = file:match("[^/]+$") end
end

-- All --------------------------------------------------------------------------------------------

--[[
work: list of { student =, path =, recording = file for the first failure or nil }. Each gets
`source` (or why it is `unread`) and `result`. options: jobs, seconds, secret_file, picture; known(item)
answers a finished result with the key of the one just begun, if there is one; changed(item) is called
when a result is begun and after each check, ended(item) at its end.
]]
function grader.grade(lab, work, options)
  local seeds = seeds_of(lab, work, options)
  local seconds = options.seconds or grader.SECONDS
  local nothing = function() end
  local changed, ended = options.changed or nothing, options.ended or nothing
  local known = options.known or nothing
  judge.prepare(lab)
  local at_work, next_one, busy = {}, 1, 0

  local function finish(item, how)
    result.finish(item.result, how, seconds)
    keep_recording(item)
    if options.picture then draw_recording(item) end
    changed(item)
    ended(item)
  end

  local function judge_item(item)
    changed(item)
    if item.unread then
      result.unread(item.result, item.unread)
      return finish(item, "done")
    end
    local id = start(lab, item, seeds[item.student], options)
    if not id then return finish(item, "failed") end
    at_work[id], busy = item, busy + 1
  end

  local function start_next()
    local item = work[next_one]
    next_one = next_one + 1
    begin(lab, item, seeds[item.student], seconds)
    local old = known(item)
    if not old then return judge_item(item) end
    item.result = old
    ended(item)
  end

  local function listen()
    local id, what, word = core.child_next()
    local item = at_work[id]
    if what == "said" then
      local said = #word <= SENTENCE and core.from_json(word)
      if not result.hear(item.result, said) then core.child_end(id) end
      changed(item)
    elseif what == "ended" then
      at_work[id], busy = nil, busy - 1
      finish(item, word)
    else
      error("interrupted", 0)
    end
  end

  local fine, why = pcall(function()
    while next_one <= #work or busy > 0 do
      while busy < (options.jobs or 1) and next_one <= #work do start_next() end
      if busy > 0 then listen() end
    end
  end)
  for id in pairs(at_work) do core.child_end(id) end
  if not fine then error(why, 0) end
end

return grader
