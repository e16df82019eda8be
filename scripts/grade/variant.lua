-- The numbers of a student's variant: drawn from a seed that comes from (course secret, lab,
-- student, k), so they are the same on every machine and nobody stores an answer. k = 0 is the
-- student's own variant; the others are hidden ones.

local variant = {}

function variant.hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- Without a secret this is the variant everybody may see.
function variant.seed(secret, lab_name, student, k)
  local words = { "dmalab variant 1", lab_name, student, k }
  return variant.hex(core.hmac(secret)(table.concat(words, "\0")))
end

-- What a lab's draw(d) draws with. Each draw uses up eight bytes of the stream.
local draws = {}

function draws:word()
  self.count = self.count + 1
  return (string.unpack("<i8", self.hmac("draw " .. self.count))) & math.maxinteger
end

-- first, first + step, ... last
function draws:number(first, last, step)
  step = step or 1
  if not last or last < first then error("number wants the first and the last", 2) end
  return first + self:word() % ((last - first) // step + 1) * step
end

function draws:pick(list) return list[self:number(1, #list)] end

-- n letters, so that it can be read in a message.
function draws:text(n)
  local letters = {}
  for i = 1, n do letters[i] = string.char(97 + self:word() % 26) end
  return table.concat(letters)
end

-- n letters of which the first do not tell the others, with few draws: one text, turned in each line
-- of 32 letters by another number.
function draws:long_text(n)
  local text, lines = self:text(32), {}
  for i = 1, (n + 31) // 32 do
    local by = self:number(0, 25)
    lines[i] = text:gsub(".", function(c) return string.char(97 + (c:byte() - 97 + by) % 26) end)
  end
  return table.concat(lines):sub(1, n)
end

-- The values of a lab for this seed.
function variant.values(lab, seed)
  return lab.draw(setmetatable({ hmac = core.hmac(seed), count = 0 }, { __index = draws }))
end

return variant
