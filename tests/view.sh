#!/bin/sh
# view.sh BINARY: the prompt and a view at the other end of a pipe that is slow, closed, killed or
# gone. In its place stands a script; a window is tests/window.sh's affair.
set -u
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0 failed=0
DISPLAY=:none DMALAB_VIEW=$work/viewer NO_COLOR=1 TERM=dumb
export DISPLAY DMALAB_VIEW NO_COLOR TERM
unset WAYLAND_DISPLAY SDL_VIDEODRIVER

# What stands for dmalab-view: shell code that sees the options of the real one.
viewer() {
	printf '#!/bin/sh\n%s\n' "$1" > viewer
	chmod +x viewer
}

# session LINES: what the prompt says to each line is in `said`. A view may outlive its session and
# come too late for its own test: each writes into a folder of its own, $VIEW.
number=0
session() {
	number=$((number + 1))
	VIEW=$work/$number
	export VIEW
	mkdir "$VIEW"
	printf '%b\n' "$1" | timeout 60 "$binary" --record recorded > said 2>&1
	status=$?
}

# The view goes on after the prompt has left: wait until it has read all, 20 seconds at most.
wait_for_view() {
	tries=0
	while [ ! -e "$VIEW/done" ] && [ $((tries = tries + 1)) -lt 200 ]; do
		sleep 0.1
	done
}

events() {
	"$binary" replay "$1" 2>&1
}

is() {
	if eval "$2"; then
		passed=$((passed + 1))
		echo "ok - $1"
	else
		failed=$((failed + 1))
		echo "not ok - $1"
		sed 's/^/    /' said
	fi
}

copies='cat > $VIEW/got; : > $VIEW/done'
work_lines='buf = kmalloc(64)\nstore(buf, 1)\nh = map(buf, "from_device")\ndev:dma_write(h, "fresh")\nload(buf)'

viewer 'echo "$@" > $VIEW/words; cp "$2" $VIEW/got; : > $VIEW/done'
session "$work_lines"
cp recorded "kept one.rec"
session 'view "kept one.rec"\nbuf = kmalloc(64)\nview nothing.rec'
wait_for_view
is "a recording has a window of its own" 'cmp -s "kept one.rec" $VIEW/got && grep -q "^-- kept one.rec$" $VIEW/words'
is "and the session goes on without it" 'grep -q "a window opens with the recording kept one.rec" said && events recorded | grep -q kmalloc'
is "one that is not there is said" 'grep -q "view takes no word, or a recording" said'

viewer "$copies"
session "$work_lines\nview\nunmap(h)\nload(buf)"
wait_for_view
events recorded > a
events $VIEW/got > b
is "a view that comes late has all events from the first" 'cmp -s a b && [ -s a ]'
is "the prompt says that it opens" 'grep -q "^the view opens" said'

session "view\n$work_lines\nmachine tiny\nkmalloc(64)"
wait_for_view
events recorded > a
events $VIEW/got > b
is "another machine goes on in the same view" 'cmp -s a b && [ "$(grep -c machine.on b)" = 2 ]'

session "view\nview"
is "a view that is open is not opened again" 'grep -q "open already" said'

# The trace keeps its newest million: who comes later begins with a keyframe.
long='buf = kmalloc(4096)\nfor i = 1, 1200000 do store(buf + i % 512 * 8, i) end'
session "$long\nview\nload(buf)"
wait_for_view
events $VIEW/got > b
is "a trace that has forgotten its beginning begins with a keyframe" \
	'grep -q key.end b && head -n 1 b | grep -q "^1 .*machine.on"'
is "behind the keyframe come the events since, with the session's numbers" \
	'[ "$(sed "1,/key.end/d" b | wc -l)" -lt 100 ] && [ "$(tail -n 1 b)" = "$(events recorded | tail -n 1)" ]'
events recorded | sed 1,1200000d > a
session "$long\nload(buf)"
is "a keyframe for a view leaves no word in the session's own trace" \
	'events recorded | sed 1,1200000d | cmp -s - a'

viewer 'head -c 100 > /dev/null; : > closed'
session "view\nwhile not io.open('closed') do end\n$work_lines\n$work_lines"
is "a view that is closed disturbs nothing" '[ $status = 1 ] && ! grep -qi "pipe\|did not keep" said'

viewer 'echo $$ > pid; exec cat > $VIEW/got'
session "view\nwhile not io.open('pid') do end\nos.execute('while ! kill -9 \$(cat pid); do :; done; sleep 0.3')
buf = kmalloc(64)\nos.remove('pid')\nview\nwhile not io.open('pid') do end\nstore(buf, 1)"
is "a view that was killed is opened again" '[ "$(grep -c "^the view opens" said)" = 2 ]'
sleep 0.3
events recorded > a
events $VIEW/got > b
is "and has all events again" 'cmp -s a b'

# Random words do not become small: 64 MiB of them wait for a view that sleeps.
viewer "sleep 2; $copies"
before=$(date +%s)
session "view\n$long"
is "the prompt does not wait for a view that sleeps" '[ $status = 0 ]'
wait_for_view
is "the prompt is gone while a million events wait, or they were read" \
	'[ $(($(date +%s) - before)) -lt 30 ]'

# Random bytes, no two alike in one block of the stream, stay as large as they are.
viewer 'exec sleep 20'
session 'view\nbuf = kmalloc(65536); words = {}
x = 1; for i = 1, 8192 do x = x * 6364136223846793005 + 1442695040888963407; words[i] = string.pack("<i8", x) end
for i = 1, 1000 do write(buf, table.concat(words)) end\nkmalloc(64)'
is "a view that takes nothing at all is let go, and that is said" \
	'[ $status = 0 ] && grep -q "did not keep up" said'

viewer 'echo "$*" > options; cat "$3" > $VIEW/second & cat > $VIEW/got; wait; : > $VIEW/done'
session "machine tiny\n$work_lines\nview beside x86\nload(buf)\nundo\nmachine mips\nkmalloc(64)"
wait_for_view
events $VIEW/got > a
events $VIEW/second > b
is "two boards are two streams" '[ -s a ] && [ -s b ] && grep -q -- "- --beside /dev/fd/" options'
is "the second board stays what it is" \
	'[ "$(grep machine.on b | grep -c coherent=1)" = "$(grep -c machine.on b)" ]'
is "both have played the same lines" '[ "$(grep -c dma.map b)" = "$(grep -c dma.map a)" ] &&
	[ "$(grep -c mem.alloc b)" = "$(grep -c mem.alloc a)" ]'
is "the second board says nothing" '[ "$(grep -c "^buf =" said)" = 1 ]'

viewer 'exit 1'
session "view\nkmalloc(64)\nview beside nowhere"
is "a board there is not is named" 'grep -q "no board called nowhere" said'

viewer 'cat <"${3:-/dev/null}" > $VIEW/second & cat > $VIEW/got; wait; : > $VIEW/done'
session "view beside x86\nkmalloc(64)\nview beside nowhere\nkmalloc(32)"
wait_for_view
is "and the board that stands there stays" '[ "$(events $VIEW/second | grep -c mem.alloc)" = 2 ]'

viewer 'exec cat > $VIEW/got'
session "view\nview beside x86\nview beside tiny\nview beside x86\nos.execute('ps -o stat= --ppid \$PPID')"
is "a view that another one takes the place of is reaped" '! grep -q "^Z" said && grep -q "^S" said'

rm viewer
session 'view'
is "without the program it is said what to do" 'grep -q "draw FILE.svg" said'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
