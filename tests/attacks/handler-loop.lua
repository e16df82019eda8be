-- A handler of xpcall that goes on when the run has ended, where no hook counts.
-- comes to: done 0, used up its instructions
function send()
  xpcall(function() while true do end end, function() while true do end end)
end
