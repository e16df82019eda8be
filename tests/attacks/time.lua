-- Time of the machine without end, by all who let it pass.
-- comes to: done 0, wait for ever
function send(dev)
  for _ = 1, 10 do
    pcall(udelay, math.maxinteger)
    pcall(msleep, 1 << 50)
    pcall(run, 1 << 60)
  end
  while true do msleep(1000000) end
end
