#!/bin/sh
# Plays each tests/sessions/*.session and compares: lines "> input", below them the exact output.
#
# usage: sessions.sh BINARY [--accept] [FILE ...]
#
# The later lines of one statement begin with ">> ". A file starts with lines of comment ("-- ...");
# the first may be "-- options: --board tiny", options for the program. With --accept the files are
# rewritten with what came out: look at the difference before you keep it. A session runs in an empty
# folder of its own, with a state folder of its own; $DMALAB names the program there. V=1 shows whole
# differences.
set -u
binary=${1:?usage: sessions.sh BINARY [--accept] [FILE ...]}
binary=$(cd "$(dirname "$binary")" && pwd)/$(basename "$binary")
shift
accept=
if [ "${1:-}" = --accept ]; then accept=1; shift; fi
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- "$here"/sessions/*.session

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
NO_COLOR=1 TERM=dumb
export NO_COLOR TERM DMALAB="$binary"

play() {   # file: its input through the program, behind its head of comment
	sed -n '/^-- /!q;p' "$1"
	sed -n 's/^>>\{0,1\} \{0,1\}//p' "$1" | (cd "$work/play" &&
		XDG_STATE_HOME=$work/state timeout 60 \
		"$binary" --echo $(sed -n '1s/^-- options: //p' "$1") 2>&1)
	status=$?
	[ "$status" -le 1 ] || echo "exit status $status"
}

for file; do
	case $file in /*) ;; *) file=$PWD/$file ;; esac
	mkdir "$work/play"
	play "$file" > "$work/got"
	if [ "$accept" ]; then
		cmp -s "$work/got" "$file" || { cp "$work/got" "$file"; echo "rewrote $file"; }
		passed=$((passed + 1))
	elif diff -u "$file" "$work/got" > "$work/diff"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL ${file#"$here"/}: $(sed -n '4,$p' "$work/diff" | grep -m1 '^[-+]')"
		[ -z "${V:-}" ] || cat "$work/diff"
	fi
	rm -rf "$work/play" "$work/state"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
