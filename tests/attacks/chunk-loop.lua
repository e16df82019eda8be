-- The file itself never ends.
-- comes to: done 0, used up its instructions
while true do end
