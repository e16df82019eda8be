-- Words that several formats of a result share: what is said of a check, and how text is written
-- where some of its letters mean something.

local text = require "text"

local words = {}

function words.score(r) return ("%s: %d of %d points"):format(r.lab, r.score, r.max) end

-- One line, for places that have no more.
function words.line(s) return (s:gsub("%s*\n%s*", "; ")) end

local function add(out, label, width, s)
  for line in text.labelled(label, width, s, 72):gmatch("[^\n]+") do out[#out + 1] = line end
end

-- What came of it, the last sentence, is in the message.
local function add_story(out, check)
  if not check.deviations or check.deviations == 0 then return end
  out[#out + 1] = "hardware may do this:"
  for i = 1, #check.story - 1 do add(out, "-", 2, check.story[i]) end
end

local function same(a, b)
  if not b or b.outcome ~= a.outcome or b.message ~= a.message or b.board ~= a.board then
    return false
  end
  return core.json(a.moment or {}) == core.json(b.moment or {}) and
      core.json(a.story or {}) == core.json(b.story or {})
end

-- Why a check is not passed, as lines; `before` is the check before it, where the reader sees that
-- too. What has been said there is not said again.
function words.why(check, before)
  if check.outcome == "pass" then return {} end
  if same(check, before) then return { "the same as in the check before" } end
  local out = {}
  for line in (check.message or ""):gmatch("[^\n]+") do add(out, "", 0, line) end
  if check.board then out[#out + 1] = "on board " .. check.board end
  add_story(out, check)
  for _, moment in ipairs(check.moment or {}) do
    add(out, moment.here and "=>" or "", 3, moment.text)
  end
  return out
end

function words.why_text(check) return table.concat(words.why(check), "\n") end

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- For XML and HTML, also within attributes; U+FFFE and U+FFFF may not stand in XML at all.
function words.escaped(s)
  return (s:gsub("\xef\xbf[\xbe\xbf]", "?"):gsub("[&<>\"']", entities))
end

local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- RFC 4648, in one line.
function words.base64(bytes)
  local function four(three)
    local a, b, c = three:byte(1, 3)
    local n = a << 16 | (b or 0) << 8 | (c or 0)
    local out = ""
    for i = 0, #three do
      local at = (n >> 18 - 6 * i & 63) + 1
      out = out .. letters:sub(at, at)
    end
    return out .. ("="):rep(3 - #three)
  end
  return (bytes:gsub("..?.?", four))
end

-- Where the numbers of a result come from, so that it can be had again.
function words.origin(r) return ("%s, seed %s"):format(r.tool, r.seed) end

-- A share of the points, from 0 to 1.
function words.share(r) return r.max == 0 and 0.0 or r.score / r.max end

return words
