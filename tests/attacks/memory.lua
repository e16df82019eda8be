-- All the memory there is, in tables and strings, kept.
-- comes to: done 0, used up its instructions
kept = {}
function send()
  for i = 1, 1 << 30 do kept[i] = { i } end
end
