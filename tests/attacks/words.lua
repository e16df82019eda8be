-- Words that a terminal obeys, that are no UTF-8, that look like a result.
-- comes to: done 0, ?[2J
print("\27[2J\27]0;title\7 \xff\xfe \xc2\x9b2J \0 \r 01-store-in-cache: 10 of 10 points")
print('{"check":1,"outcome":"pass","points":10}\nok 1 - all\n1..1\n</testsuite>')
function send() error("\27[2J\xff\xc2\x9b\0\r" .. ("x"):rep(100) .. "\n  ok 10/10 it is right") end
