#!/bin/sh
# window.sh BUILD: a real window, driven with keys and mouse as a person does. Its title says where
# it is. Skipped where Xvfb or xdotool is missing. One line a claim that fails; the last one counts.
set -u
B=$1
view=$B/dmalab-view
for need in "$view" Xvfb xdotool timeout; do
	command -v "$need" >/dev/null && continue
	echo "the window is not tested: $need is missing"
	echo "0 passed, 0 failed"
	exit 0
done
work=$(mktemp -d)
rec=$work/rec
passed=0 failed=0 pid=
XDG_STATE_HOME=$work/state
export XDG_STATE_HOME
unset WAYLAND_DISPLAY

# Without -noreset the server begins anew when one view has left, and may take the next with it.
Xvfb -noreset -fbdir "$work" -displayfd 3 -screen 0 1400x900x24 3>"$work/display" 2>/dev/null &
server=$!
trap 'kill $pid $server 2>/dev/null; rm -rf "$work"' EXIT
for i in 1 2 3 4 5 6 7 8 9 10; do [ -s "$work/display" ] || sleep 0.3; done
DISPLAY=:$(cat "$work/display")
export DISPLAY

"$B/dmalab" -b tiny --record "$rec" tour </dev/null >/dev/null || exit 1
"$B/dmalab" --record "$work/long" -e 'buf = kmalloc(64) for i = 1, 6000 do store(buf, i) end' || exit 1

title() {
	timeout 5 xdotool search --onlyvisible --name "^dmalab: " getwindowname 2>/dev/null | tail -n 1
}

# claim WHAT TITLE: within four seconds the title matches
claim() {
	for try in $(seq 40); do
		case $(title) in $2) passed=$((passed + 1)); return ;; esac
		sleep 0.1
	done
	failed=$((failed + 1))
	echo "not true: $1 (wanted '$2', the title is '$(title)')"
}

# agree WHAT COMMAND...: the command says yes
agree() {
	what=$1
	shift
	if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "not true: $what"; fi
}

# What is to be seen, as one number: the screen lies in a file.
seen() {
	sleep 0.3
	cksum <"$work/Xvfb_screen0"
}

# changes WHAT KEY: the picture is another one after the key
changes() {
	before=$(seen)
	press "$2"
	agree "$1" [ "$(seen)" != "$before" ]
}

press() {
	timeout 5 xdotool key --delay 60 "$@"
}

# click X Y [BUTTON]
click() {
	timeout 5 xdotool mousemove --window "$window" "$1" "$2" sleep 0.1 click "${3:-1}"
}

open() {
	"$view" "$@" 2>"$work/said" &
	pid=$!
	found
}

found() {
	window=
	for try in $(seq 40); do
		window=$(timeout 5 xdotool search --onlyvisible --name "^dmalab: " 2>/dev/null | tail -n 1)
		[ -n "$window" ] && break
		sleep 0.1
	done
	[ -n "$window" ] && timeout 5 xdotool windowmove "$window" 10 10 windowfocus "$window" sleep 0.2
}

# What its process, or the last of a pipe, ended with.
leave() {
	press q
	for try in $(seq 30); do alive && sleep 0.1; done
	alive && { echo "it did not end: $(cat "$work/said")"; kill "$pid"; }
	wait "$pid"
	status=$?
	pid=
}

alive() {
	kill -0 "$pid" 2>/dev/null
}

# Hundredths of a second of processor time so far.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$pid/stat"
}

# Keys.
open "$rec" --at cycle:0 --size 1280x800
claim "it begins where it was told" "dmalab: event 1 of 2*, rec"
press Right Right
claim "right steps" "dmalab: event 3 of *"
press Left
claim "left steps back" "dmalab: event 2 of *"
press End
last=$(title | sed 's/.* of \([0-9]*\),.*/\1/')
claim "end goes there" "dmalab: event $last of $last,*"
press Home F5 F5 F5 F4
claim "keys of Ripes" "dmalab: event 2 of *"
before=$(title)
press bracketright
sleep 0.3
flag=$(title)
agree "a bracket goes to a broken rule" [ "$flag" != "$before" ]
press bracketright
sleep 0.3
agree "and to the next one" [ "$(title)" != "$flag" ]
press bracketleft
claim "the other one back" "$flag"
press slash
timeout 5 xdotool type --delay 60 "dma.map"
press Return
sleep 0.3
agree "slash finds" [ "$(title)" != "$flag" ]
press Escape Home
claim "home is the beginning" "dmalab: event 0 of *"
closed=$(seen)
changes "a question mark opens the keys" question
press Escape
agree "escape closes them" [ "$(seen)" = "$closed" ]
changes "F1 explains" F1
press Escape
agree "escape closes that" [ "$(seen)" = "$closed" ]
changes "t is another theme" t
claim "and the same moment" "dmalab: event 0 of *"

# Mouse: the toolbar has play at 30, < at 106 and > at 130.
click 130 18
click 130 18
claim "a button steps" "dmalab: event 2 of *"
click 106 18
claim "another one back" "dmalab: event 1 of *"
click 350 720
sleep 0.3
middle=$(title)
agree "a click on the time strip goes there" [ "$middle" != "dmalab: event 1 of $last, rec" ]
timeout 5 xdotool mousemove --window "$window" 300 720 mousedown 1 mousemove --window "$window" 400 720 \
	sleep 0.1 mousemove --window "$window" 5 720 sleep 0.1 mouseup 1
claim "dragged to its left end" "dmalab: event 0 of *"
click 350 720 4
click 900 300 4
click 900 300 5
alive && passed=$((passed + 1))
press period period period period period period period period space
claim "at once is at once" "dmalab: event $last of $last,*"

if [ -r /proc/self/stat ]; then
	timeout 5 xdotool mousemove --window "$window" 700 790
	sleep 1
	before=$(ticks)
	sleep 5
	agree "an idle window takes less than 1 % of a core" [ $(($(ticks) - before)) -lt 5 ]
fi
timeout 5 xdotool windowsize "$window" 640 400
sleep 0.5
press Home Right
claim "a small window goes on" "dmalab: event 1 of *"
leave
agree "it ends well" [ "$status" -eq 0 ]
agree "it remembers the size" grep -q "^width 640" "$work/state/dmalab/view"
agree "and the theme" grep -q "^theme dark" "$work/state/dmalab/view"
open "$rec" --theme light --large --speed 7 --size 900x600
press Right
leave
agree "what was asked for once is not remembered" grep -q "^theme dark" "$work/state/dmalab/view"
agree "nor is large type" grep -q "^large 0" "$work/state/dmalab/view"
agree "nor the size" grep -q "^width 640" "$work/state/dmalab/view"
open "$rec" --theme dark --size 900x600
press t
leave
agree "what was changed in the window is" grep -q "^theme light" "$work/state/dmalab/view"
echo "width -1 theme ??? speed nan" >"$work/state/dmalab/view"
open "$rec"
claim "a broken memory is no harm" "dmalab: event *"
leave

# A session: the pipe ends, but the picture stays.
mkfifo "$work/pipe"
"$view" - <"$work/pipe" 2>"$work/said" &
pid=$!
exec 4>"$work/pipe"
cat "$work/long" >&4
found
claim "a session is followed to its end" "dmalab: event 6*, a session"
whole=$(title)
exec 4>&-
sleep 0.5
agree "the end of the session is not ours" alive
press Home
claim "its events stay" "dmalab: event 0 of *"
press End
claim "all of them" "$whole"
leave
agree "and it ends well" [ "$status" -eq 0 ]

# A writer that is killed, and streams that are broken.
"$view" - <"$work/pipe" 2>"$work/said" &
pid=$!
(cat "$work/long"; exec sleep 60) >"$work/pipe" &
writer=$!
found
claim "another session" "$whole"
kill -9 $writer 2>/dev/null
sleep 0.5
press Home
claim "its writer was killed" "dmalab: event 0 of *"
leave
size=$(wc -c <"$work/long")
head -c $((size - 100)) "$work/long" >"$work/short"
(cat "$work/short"; head -c 200 /dev/zero) >"$work/bad"
for broken in short bad; do
	cat "$work/$broken" | "$view" - 2>"$work/said" &
	pid=$!
	found
	claim "what is whole of a broken stream ($broken) is seen" "dmalab: event 4096 of 4096, a session"
	press Home
	claim "and can be walked through" "dmalab: event 0 of 4096,*"
	leave
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
