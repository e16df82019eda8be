-- What a lab may judge a driver by, one row each. A property looks at cases: a case is one board with
-- one variant, on which the driver can be explored.
--
-- row(case, options) answers nothing when it holds, or a table { message =, run = } when not; a
-- number from 0 to 1 as well where it holds in part, and `slip` where that tells of no belief.
-- `counts` says which failures of a run are its own (judge.lua): a search for this property is broken
-- by those alone.

local properties = {}

local function property(name, row)
  row.name = name
  properties[name] = row
end

-- The right bytes, on every schedule. bound = 0: when all is calm. of = WORD: the bytes of those
-- expect() alone that name it.
property("right", { counts = { error = true, wrong = true },
  judge = function(case, options)
    return not options.of and case:calm().failure or case:search(options)
  end })

-- No rule of severity error is broken; with a list only those: { "rules", "leak", "overlap" }.
property("rules", { counts = { error = true, rule = true }, needs_right = true,
  judge = function(case, options)
    return case:search(options, options[2] and table.move(options, 2, #options, 1, {}) or nil)
  end })

-- All mappings are ended and all memory is freed.
property("nothing_left", { counts = { error = true, left = true }, needs_right = true,
  judge = function(case, options) return case:search(options) end })

local function share(cost, budget)
  if cost <= budget[1] then return 1 end
  return cost >= budget[2] and 0 or (budget[2] - cost) / (budget[2] - budget[1])
end

-- Cycles and bytes maintained of the calm run: { "cheap", budget = function(v) return { cycles =
-- { all, none }, maintained = { all, none } } end }: all the points up to the first number, none from
-- the second on.
property("cheap", { counts = { error = true }, needs_right = true, wants = { budget = "function" },
  judge = function(case, options)
    local cost, part, words = case:calm().cost, 1, {}
    for _, what in ipairs { "cycles", "maintained" } do
      local budget = options.budget(case.values)[what]
      local earned = budget and share(cost[what], budget) or 1
      if earned < 1 then
        part = math.min(part, earned)
        words[#words + 1] = ("%d %s; all the points up to %d, none from %d on"):format(cost[what],
            what == "cycles" and "cycles" or "bytes of cache lines maintained", budget[1], budget[2])
      end
    end
    if part == 1 then return nil end
    return { message = table.concat(words, "\n"), part = part }
  end })

local function misses(case, calm, question)
  local said, truth = calm.predicted[question], calm.revealed[question]
  if said == nil then return { message = "nothing was predicted: predict(\"" .. question ..
      "\", ...) has to come before the step", slip = true } end
  if said ~= truth then return { message = question .. "\npredicted was " .. case:shown(said) ..
      "; look again at what happens" } end
end

-- What predict() was told before the lab showed it: of one question, or of all the lab reveals. An
-- error ends a run, so with one nobody knows what else would have been asked.
property("predicted", { counts = {},
  judge = function(case, options)
    local calm, questions = case:calm(), { options[2] }
    if not options[2] then
      if calm.failure and calm.failure.kind ~= "wrong" then return calm.failure end
      for question in pairs(calm.revealed) do questions[#questions + 1] = question end
      table.sort(questions)
    end
    for _, question in ipairs(questions) do
      local failure = misses(case, calm, question)
      if failure then return failure end
    end
  end })

-- It breaks, and by this rule: for labs in which a driver has to go wrong.
property("breaks", { counts = { error = true, wrong = true, rule = true },
  judge = function(case, options)
    local failure = case:search(options, options[2] and { options[2] } or nil)
    if not failure then return { message = "no schedule breaks it here" } end
    if failure.run.kind == "error" then return failure end
  end })

return properties
