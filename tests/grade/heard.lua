-- What a child says is looked at before it counts: one that has been taken over can at worst spoil its
-- own result. Each sentence here is said in the place of one that would be right.
--
-- usage: dmalab run tests/grade/heard.lua

local labs = require "grade/labs"
local result = require "grade/result"
local writers = {}
for i, name in ipairs { "text", "json", "junit", "gradescope" } do
  writers[i] = require("grade/formats/" .. name)
end

local passed, failed = 0, 0

local function claim(fine, words)
  if fine then passed = passed + 1 else failed = failed + 1 end
  if not fine then print("FAIL " .. words:sub(1, 100)) end
end

local lab = labs.load("01")

-- What is said of a submission that is right, as JSON.
local function honest()
  local list = {}
  for i, check in ipairs(lab.checks) do
    list[#list + 1] = { begins = i }
    list[#list + 1] = { check = i, outcome = "pass", points = check.points,
        cost = { cycles = 5, maintained = 64 } }
  end
  list[#list + 1] = { printed = "", cost = { cycles = 5, maintained = 64 }, schedules = 9,
      predictions = {} }
  for i, said in ipairs(list) do list[i] = core.json(said, true) end
  return list
end

-- The result of what is said, and whether all of it was believed.
local function heard(list, how)
  local r, believed = result.new(lab, "s", "0123456789abcdef"), true
  for _, said in ipairs(list) do believed = result.hear(r, core.from_json(said)) and believed end
  result.finish(r, how or "done", 20)
  return r, believed
end

local r, believed = heard(honest())
claim(believed and result.full(r) and r.state == "done", "what is right is not believed")

-- Sentence `at`, or one more in front of it, is another.
local function instead(at, said, more)
  local list = honest()
  table.insert(list, at, said)
  if not more then table.remove(list, at + 1) end
  local spoilt, trusted = heard(list)
  claim(not trusted and spoilt.state == "killed", ("believed as %d: %s"):format(at, said))
  claim(math.type(spoilt.score) == "integer" and spoilt.score <= spoilt.max, "points: " .. said)
  for _, writer in ipairs(writers) do
    local fine, why = pcall(writer.write, spoilt)
    claim(fine, "it cannot be written: " .. tostring(why))
  end
end

local BEGIN, CHECK, LAST = 1, 2, #honest()

for _, said in ipairs { "", "nonsense", "3", '"words"', "null", "[]", "{}", "[[[[]]]]",
    ("["):rep(100000), '{"state":"done"}', '{"score":99}', '{"max":0}', '{"student":"other"}',
    '{"checks":[]}', '{"key":"0"}', '{"recording":"../x"}', '{"broken":7}', '{"unread":"x"}',
    '{"begins":2}', '{"begins":"1"}', '{"begins":1.5}', '{"begins":1,"state":"done"}',
    '{"check":2,"outcome":"pass","points":2}', '{"heard":{}}' } do
  instead(BEGIN, said)
  instead(CHECK, said)
  instead(LAST, said)
end

for _, fields in ipairs { '"outcome":"pass","points":99', '"outcome":"pass","points":1',
    '"outcome":"fail","points":3', '"outcome":"fail","points":-1', '"outcome":"error","points":1',
    '"outcome":"pass","points":2.5', '"outcome":"pass","points":"3"', '"outcome":"pass"',
    '"outcome":"fine","points":3', '"outcome":[],"points":3', '"points":3',
    '"outcome":"pass","points":3,"max":1', '"outcome":"pass","points":3,"title":"x"',
    '"outcome":"pass","points":3,"message":{}', '"outcome":"pass","points":3,"code":5',
    '"outcome":"pass","points":3,"story":"x"', '"outcome":"pass","points":3,"story":[5]',
    '"outcome":"pass","points":3,"story":{"a":"b"}', '"outcome":"pass","points":3,"moment":[{}]',
    '"outcome":"pass","points":3,"moment":[{"seq":-1,"text":"x","here":true}]',
    '"outcome":"pass","points":3,"cost":{"cycles":1}', '"outcome":"pass","points":3,"cost":5',
    '"outcome":"pass","points":3,"cost":{"cycles":1e999,"maintained":1}',
    '"outcome":"pass","points":3,"machine":{"board":{}}', '"outcome":"pass","points":3,"machine":[]',
    '"outcome":"pass","points":3,"choices":[{"question":"x"}]',
    '"outcome":"pass","points":3,"message":"' .. ("x"):rep(100000) .. '"',
    '"outcome":"pass","points":3,"story":[' .. ('"x",'):rep(5000) .. '"x"]' } do
  instead(CHECK, '{"check":1,' .. fields .. '}')
end

local final = '"printed":"","cost":{"cycles":5,"maintained":64},"schedules":9,"predictions":'
for _, predictions in ipairs { "5", "[5]", '[{"question":"a","board":"b","said":"c","truth":"d"}]',
    '[],"score":10' } do
  instead(LAST, "{" .. final .. predictions .. "}")
end

instead(BEGIN, "{" .. final .. "[]}")                         -- before anything is judged
instead(CHECK + 1, honest()[CHECK], true)                     -- a check once more
instead(CHECK, honest()[BEGIN], true)                         -- the same beginning twice
instead(LAST + 1, honest()[LAST], true)                       -- the end twice
instead(LAST + 1, honest()[BEGIN], true)

-- An end that comes too early, however well it looks.
for n = 0, LAST - 1 do
  local short = heard({ table.unpack(honest(), 1, n) })
  claim(short.state == "failed", "done after " .. n .. " of " .. LAST .. " sentences")
end

print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
