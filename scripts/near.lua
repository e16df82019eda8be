-- The nearest word: what somebody who mistyped a name most likely meant.

local near = {}

-- Edit distance; two neighbouring letters swapped count as one mistake.
function near.distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local older = before
    before, row = row, { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], older[j - 2] + 1)
      end
    end
  end
  return row[#b]
end

-- The word of the list nearest to this one, or nil when none is near. Case does not count.
function near.word(word, list)
  local best, least
  local mistyped = word:lower()
  for _, candidate in ipairs(list) do
    local d = near.distance(mistyped, candidate:lower())
    if not least or d < least or (d == least and candidate < best) then
      best, least = candidate, d
    end
  end
  if best and best ~= word and least <= math.max(1, #word // 3) then return best end
end

-- "; did you mean kmalloc?", or nothing.
function near.hint(word, list)
  local best = near.word(word, list)
  return best and ("; did you mean " .. best .. "?") or ""
end

return near
