-- Gigabytes of words.
-- comes to: done 0, used up its instructions
function send()
  while true do print(("x"):rep(100000)) end
end
