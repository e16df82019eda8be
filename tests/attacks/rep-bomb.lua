-- Strings without an end, and those of nothing, as many as one likes, inside pcall.
-- comes to: done 0, used up its instructions
function send()
  while true do
    pcall(string.rep, "x", 1 << 40)
    pcall(string.rep, "x", 1 << 25)
    pcall(string.rep, "", 1 << 62)
  end
end
