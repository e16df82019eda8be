#!/bin/sh
# check.sh BUILD [NAME...]: run every test there is, or those named, as many at a time as there are
# processors. Quiet where all is well: one line a test. What one that failed had to say follows its
# line. The closing line counts them all.

B=$1
MAKE=${MAKE:-make}
logs=$B/tests/logs
export B MAKE DMALAB="$B/dmalab" CMOCKA_MESSAGE_OUTPUT=TAP

# The longest first, so that none of them is the last to begin.
names() {
	echo platforms window brute labs attacks attacks-fuzz gallery-explored fuzz_api cluster class fuzz_model
	echo drivers gallery property sessions course declared formats heard hidden
	echo explore view shot layers headers scenario readme replay fuzz_recording
	for program in "$B"/tests/test_*; do
		name=${program##*/}
		[ -x "$program" ] && [ -f "tests/$name.c" ] && echo "$name"
	done
}

readme() {
	sed -n '/^    > buf = kmalloc/,/^    17/s/^    //p' README.md >"$B/readme" &&
		head -n 14 tests/sessions/readme.session | cmp - "$B/readme"
}

# Whole from a file and from a pipe; cut off, it is said.
replay() {
	it=$B/tour.recording
	"$DMALAB" --record "$it" tour >/dev/null && "$DMALAB" replay "$it" >"$it.file" &&
		"$DMALAB" replay - <"$it" | cmp - "$it.file" &&
		! head -c 999 "$it" | "$DMALAB" replay - 2>"$it.cut" &&
		grep -q "stdin is damaged at byte 999" "$it.cut"
}

scenario() {
	"$DMALAB" run tests/gallery/57-arm64-sync.lua >"$B/scenario" &&
		grep -q "dmalab: wrong-sync" "$B/scenario" && grep -q "no rule was broken" "$B/scenario"
}

# The gallery, and whether the table of its rules is still what it says.
gallery() {
	"$DMALAB" run tests/gallery/run.lua 1 "" "$B/driver_rules.lua" &&
		cmp scripts/driver_rules.lua "$B/driver_rules.lua"
}

# few N M: how many of something; with sanitizers, which take five times as long, M.
few() {
	case $B in *san*) echo "$2" ;; *) echo "$1" ;; esac
}

# A test says how many passed as TAP, or with a last line "N passed, N failed"; one that says neither
# counts as one.
play() {
	case $1 in
	layers | headers) $MAKE "$1" ;;
	sessions | view) sh "tests/$1.sh" "$DMALAB" ;;
	shot | window) sh "tests/$1.sh" "$B" ;;
	drivers) "$DMALAB" run tests/drivers/run.lua ;;
	property) "$DMALAB" run tests/drivers/property.lua 100 ;;
	explore) "$DMALAB" run tests/explore/test.lua ;;
	brute) "$DMALAB" run tests/explore/brute.lua "$(few 4 3)" ;;
	gallery-explored) "$DMALAB" run tests/gallery/explore.lua "" 1 ;;
	course) sh tests/course/test.sh "$DMALAB" ;;
	labs) "$DMALAB" run tests/labs/run.lua "" "$(few 20 1)" ;;
	attacks) "$DMALAB" run tests/attacks/run.lua ;;
	attacks-fuzz) "$DMALAB" run tests/attacks/fuzz.lua 3 ;;
	declared | formats | heard | hidden) "$DMALAB" run "tests/grade/$1.lua" ;;
	class | cluster) sh "tests/grade/$1.sh" "$DMALAB" ;;
	platforms) sh tests/grade/platforms.sh "$B" ;;
	readme | replay | scenario | gallery) "$1" ;;
	fuzz_recording) "$B/tests/$1" 5000 ;;
	fuzz_model) "$B/tests/$1" 1000 ;;
	fuzz_api) "$B/tests/$1" 200 ;;
	*) "$B/tests/$1" ;;
	esac
}

count() {
	grep -c "$1" "$log"
}

# One that ends badly counts as a failure.
one() {
	name=$1
	log=$logs/$name.log
	play "$name" >"$log" 2>&1 </dev/null
	status=$?
	good=$(count '^ok [0-9]')
	bad=$(count '^not ok [0-9]')
	closing=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/good=\1 bad=\2/p' "$log" | tail -n 1)
	eval "$closing"
	[ $status -eq 0 ] && [ $((good + bad)) -eq 0 ] && good=1
	[ $status -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
	echo "$good $bad" >"$logs/$name.sum"
	if [ "$bad" -eq 0 ]; then
		echo "$name: $good passed"
	else
		{
			echo "$name: $good passed, $bad FAILED (exit status $status)"
			grep -v '^ok [0-9]' "$log" | sed 's/^/    /'
		} >"$log.said"
		cat "$log.said"
	fi
}

if [ "$2" = --one ]; then
	one "$3"
	exit 0
fi
shift
[ $# -gt 0 ] || set -- $(names)
rm -rf "$logs"
mkdir -p "$logs"
for name; do echo "$name"; done |
	xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)" sh "$0" "$B" --one
cat "$logs"/*.sum | awk '{ good += $1; bad += $2 }
	END { print good + 0 " passed, " bad + 0 " failed"; exit bad > 0 }'
