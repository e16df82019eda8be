-- A pattern that backtracks for ever, in one call of C.
-- comes to: late 0, stopped after 3 s
function send()
  return ("a"):rep(30000):find((".-"):rep(30) .. "b")
end
