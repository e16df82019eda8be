#!/bin/sh
# check.sh BUILD: run every test there is. Quiet where all is well: one line a program. What a
# program that failed had to say follows its line. The closing line counts them all.

B=$1
MAKE=${MAKE:-make}
logs=$B/tests/logs
passed=0
failed=0
export B DMALAB="$B/dmalab" CMOCKA_MESSAGE_OUTPUT=TAP
mkdir -p "$logs"

count() {
	grep -c "$1" "$log"
}

# run NAME COMMAND...: a program says how many passed as TAP, or with a last line "N passed, N
# failed"; one that says neither counts as one. A program that ends badly counts as a failure.
run() {
	name=$1
	log=$logs/$name.log
	shift
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	good=$(count '^ok [0-9]')
	bad=$(count '^not ok [0-9]')
	closing=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/good=\1 bad=\2/p' "$log" | tail -n 1)
	eval "$closing"
	[ $status -eq 0 ] && [ $((good + bad)) -eq 0 ] && good=1
	[ $status -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
	passed=$((passed + good))
	failed=$((failed + bad))
	if [ "$bad" -eq 0 ]; then
		echo "$name: $good passed"
	else
		echo "$name: $good passed, $bad FAILED (exit status $status)"
		grep -v '^ok [0-9]' "$log" | sed 's/^/    /'
	fi
}

run layers $MAKE layers
run headers $MAKE headers
for program in "$B"/tests/test_*; do
	[ -x "$program" ] && [ -f "tests/${program##*/}.c" ] && run "${program##*/}" "$program"
done
run sessions sh tests/sessions.sh "$B/dmalab"
run view sh tests/view.sh "$B/dmalab"
run shot sh tests/shot.sh "$B"
run window sh tests/window.sh "$B"
run drivers "$B/dmalab" run tests/drivers/run.lua
run gallery "$B/dmalab" run tests/gallery/run.lua 1 "" "$B/driver_rules.lua"
run scenario sh -c '"$DMALAB" run tests/gallery/57-arm64-sync.lua >"$B/scenario" &&
	grep -q "dmalab: wrong-sync" "$B/scenario" && grep -q "no rule was broken" "$B/scenario"'
run driver-rules cmp scripts/driver_rules.lua "$B/driver_rules.lua"
run explore "$B/dmalab" run tests/explore/test.lua
run brute "$B/dmalab" run tests/explore/brute.lua 10
run gallery-explored "$B/dmalab" run tests/gallery/explore.lua "" 1
run property "$B/dmalab" run tests/drivers/property.lua 100
run attacks "$B/dmalab" run tests/attacks/run.lua
run attacks-fuzz "$B/dmalab" run tests/attacks/fuzz.lua 3
run readme sh -c 'sed -n "/^    > buf = kmalloc/,/^    17/s/^    //p" README.md >"$B/readme" &&
	head -n 14 tests/sessions/readme.session | cmp - "$B/readme"'
run replay sh -c '"$DMALAB" --record "$1" tour >/dev/null && "$DMALAB" replay "$1" >"$1.file" &&
	"$DMALAB" replay - <"$1" | cmp - "$1.file" && ! head -c 999 "$1" | "$DMALAB" replay - 2>"$1.cut" &&
	grep -q "stdin is damaged at byte 999" "$1.cut"' - "$B/tour.recording"
run fuzz_recording "$B/tests/fuzz_recording" 5000
run fuzz_model "$B/tests/fuzz_model" 1000
run fuzz_api "$B/tests/fuzz_api" 200

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
