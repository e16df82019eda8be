#!/bin/sh
# shot.sh BUILD: what dmalab-view does without a display. One line a claim; the last one counts.
set -u
B=$1
view=$B/dmalab-view
[ -x "$view" ] || { echo "no dmalab-view here: nothing to test"; echo "0 passed, 0 failed"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DISPLAY WAYLAND_DISPLAY
XDG_STATE_HOME=$work/state
export XDG_STATE_HOME
passed=0 failed=0
rec=$work/rec

# claim WHAT COMMAND...: the command says yes
claim() {
	what=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not true: $what"
		sed 's/^/    /' "$work/said"
	fi
}

# says STATUS WORDS OPTION...: the program ends with that status and says these words
says() {
	status=$1 words=$2
	shift 2
	"$view" "$@" </dev/null >"$work/out" 2>&1
	[ $? -eq "$status" ] && grep -q -- "$words" "$work/out" && return
	cat "$work/out"
	return 1
}

shot() {
	"$view" "$rec" --shot "$@"
}

# The width and height a PNG has in its first chunk.
size() {
	od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'
}

is_png() {
	[ "$(od -An -tx1 -N8 "$1" | tr -d ' ')" = 89504e470d0a1a0a ] && [ "$(size "$1")" = "$2" ] &&
		tail -c 8 "$1" | grep -q IEND
}

differ() {
	! cmp -s "$1" "$2"
}

bytes() {
	[ "$(wc -c <"$1")" -gt "$2" ]
}

"$B/dmalab" -b tiny --record "$rec" tour </dev/null >/dev/null || exit 1

claim "a shot is taken" shot "$work/a.png" --at violation:1
claim "it is a PNG of 1280x800" is_png "$work/a.png" 1280x800
claim "it is no empty picture" bytes "$work/a.png" 40000
claim "it is the same again" shot "$work/b.png" --at violation:1
claim "to the last pixel" cmp "$work/a.png" "$work/b.png"
shot "$work/b.png" --at violation:2
claim "another moment is another picture" differ "$work/a.png" "$work/b.png"
shot "$work/b.png" --at violation:1 --theme dark
claim "dark is another picture" differ "$work/a.png" "$work/b.png"
shot "$work/b.png" --at violation:1 --large
claim "large type is another picture" differ "$work/a.png" "$work/b.png"
claim "who selects nothing is told" says 1 "no memory at" "$rec" --shot "$work/c.png" \
	--at violation:1 --select 0x123456789abcdef
claim "nor is a word an address" says 1 "no memory at foo" "$rec" --shot "$work/c.png" --select foo
shot "$work/b.png" --at violation:1 --size 901x477 --scale 2
claim "twice as dense is twice as large" is_png "$work/b.png" 1802x954

claim "a stream is read to its end" sh -c \
	'cat "$1" | "$2" - --at violation:1 --shot "$3"' - "$rec" "$view" "$work/b.png"
claim "and is the same picture" cmp "$work/a.png" "$work/b.png"

claim "frames are saved" "$view" "$rec" --frames "$work/frames" --at violation:1 --to violation:2 \
	--speed 20 --size 640x400
claim "the first one" is_png "$work/frames/000001.png" 640x400
claim "and more" is_png "$work/frames/000010.png" 640x400
claim "they move" differ "$work/frames/000001.png" "$work/frames/000010.png"
if command -v ffmpeg >/dev/null; then
	claim "a movie is made" "$view" "$rec" --movie "$work/m.mp4" --at violation:1 \
		--to violation:2 --speed 20 --size 641x401
	claim "it has something in it" bytes "$work/m.mp4" 2000
fi
claim "without ffmpeg it says what to install" sh -c '! env PATH=/nowhere "$1" "$2" --movie "$3" \
	--size 400x300 --speed 1000 2>"$4" && grep -q "install ffmpeg" "$4"' - \
	"$(cd "$B" && pwd)/dmalab-view" "$rec" "$work/n.mp4" "$work/out"

"$B/dmalab" --record "$work/long" -e 'buf = kmalloc(64) for i = 1, 6000 do store(buf, i) end' || exit 1
head -c $(($(wc -c <"$work/long") - 100)) "$work/long" >"$work/short"
claim "what is there of a truncated file is seen" says 0 "without its end\|damaged\|truncated\|ends" \
	"$work/short" --shot "$work/c.png"
claim "and is a picture" is_png "$work/c.png" 1280x800
echo "no recording at all" >"$work/text"
claim "another file is refused" says 1 "recording" "$work/text" --shot "$work/d.png"
claim "so is none" says 1 "cannot be read" "$work/none" --shot "$work/d.png"
claim "and a folder" says 1 "folder" "$work" --shot "$work/d.png"
claim "and an empty file" says 1 "empty, not a recording" /dev/null --shot "$work/d.png"
claim "no moment of that name" says 1 "names no moment" "$rec" --at noon --shot "$work/d.png"
claim "a place that cannot be written" says 1 "cannot be written" "$rec" --shot "$work/no/d.png"

claim "help" says 0 "--shot" --help
claim "version" says 0 "^dmalab-view " --version
claim "a file is missing" says 2 "FILE is missing"
claim "one file is enough" says 2 "one FILE" a b
claim "an unknown option" says 2 "unknown option --frobnicate" --frobnicate
claim "a missing value" says 2 "value is missing" --shot
claim "no size" says 2 "--size wants" "$rec" --size 12
claim "no theme" says 2 "--theme wants" "$rec" --theme pink
claim "no speed" says 2 "--speed wants" "$rec" --speed fast
claim "without a display it says what to do" says 1 "--shot" "$rec"
claim "an empty name of a display is none" env DISPLAY= WAYLAND_DISPLAY= sh -c \
	'! "$1" "$2" 2>"$3" && grep -q "there is no display" "$3"' - "$view" "$rec" "$work/out"
claim "without a font it says what to install" env FONTCONFIG_FILE="$work/text" FONTCONFIG_PATH="$work" \
	XDG_DATA_HOME="$work" "$view" "$rec" --shot "$work/d.png"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
