#!/bin/sh
# class.sh DMALAB: a folder of submissions graded as a teacher would: names of every kind, what is no
# submission, the exit status, other --jobs, killed in the middle and gone on with, a full disk.

dmalab=$1
[ -x "$dmalab" ] || { echo "there is no program $dmalab"; exit 1; }
room=$(mktemp -d)
lab=$(ls -d labs/01-*)
trap 'umount "$room/tiny" 2>/dev/null; rm -rf "$room"' EXIT
. tests/grade/claims.sh

# status N COMMAND...: it ends with that status
status() {
	wanted=$1
	shift
	"$@" >"$room/out" 2>"$room/err"
	[ $? -eq "$wanted" ] || { cat "$room/out" "$room/err"; false; }
}

grade() {
	"$dmalab" grade 01 --seconds 10 "$@"
}

said() {
	grep -q "$1" "$room/out" "$room/err"
}

lines() {
	[ "$(wc -l <"$1")" -eq "$2" ]
}

class=$room/class
mkdir -p "$class/dora" "$class/two" "$class/carol" "$class/empty" "$class/folder/driver.lua" "$class/.git"
cp "$lab/solution.lua" "$class/ada.lua"
cp "$lab/start.lua" "$class/bob.lua"
cp "$lab"/wrong-*.lua "$class/"
cp "$lab/solution.lua" "$class/carol/driver.lua"
cp "$lab/solution.lua" "$class/dora/my driver (2).lua"
cp "$lab/solution.lua" "$class/two/a.lua"
cp "$lab/solution.lua" "$class/two/b.lua"
cp "$lab/start.lua" "$class/-a 'b' \"c\" <d>&\$(e)#%.lua"
cp "$lab/start.lua" "$class/Ünï 名.lua"
cp "$lab/start.lua" "$class/=1+1.lua"
cp "$lab/start.lua" "$class/$(printf 'e%.0s' $(seq 240)).lua"
cp "$lab/start.lua" "$class/$(printf 'two\nlines').lua"
echo 'x = = 1' >"$class/noluä.lua"
printf '\357\273\277' | cat - "$lab/solution.lua" >"$class/editor.lua"
printf '\377\376f\0' >"$class/utf16.lua"
echo '-- ill' >"$class/ill.lua"
cp "$lab/start.lua" "$class/ =1+1.lua"
echo 'notes' >"$class/notes.txt"
head -c 400000 /dev/zero >"$class/long.lua"
mkfifo "$class/pipe.lua"
echo 'the secret words' >"$room/secret"
ln -s "$room/secret" "$class/link.lua"
count=$(ls -d "$class"/*.lua | wc -l)
count=$((count + 4 - 1))     # carol, dora and folder, and the line of the csv file behind a line break

claim "a class has status 1 where not all have full marks" status 1 grade "$class" -o "$room/one"
claim "what is no submission is named" said "empty, notes.txt, two$"
claim "each student is a line of class.csv" lines "$room/one/class.csv" $((count + 1))
claim "the page links each student" sh -c \
	"[ \$(grep -o '<tr><td class=\"name\"' '$room/one/class.html' | wc -l) -eq $((count - 1)) ]"
claim "ada has full marks" grep -q '^ada,\([0-9]*\),\1,done' "$room/one/class.csv"
claim "carol in her folder has them too" grep -q '^carol,\([0-9]*\),\1,done' "$room/one/class.csv"
claim "dora whose file has another name, too" grep -q '^dora,\([0-9]*\),\1,' "$room/one/class.csv"
claim "a name that is a formula is none" grep -q "^'=1+1," "$room/one/class.csv"
claim "behind a blank neither" grep -q "^' =1+1," "$room/one/class.csv"
claim "an editor's mark of UTF-8 is no matter" grep -q '^editor,\([0-9]*\),\1,' "$room/one/class.csv"
claim "UTF-16 is told" grep -q "save it as UTF-8" "$room/one/utf16.txt"
claim "who did nothing believes nothing" grep -q '^ill,0,.*,0,$' "$room/one/class.csv"
claim "the page says what went wrong" grep -q 'class="why">there is no function' "$room/one/class.html"
claim "what is no Lua says so" grep -q "is no Lua" "$room/one/nolu"*.txt
claim "a file too long says so" grep -q "longer than 256 KiB" "$room/one/long.txt"
claim "a link is not followed" grep -q "a link to another file" "$room/one/link.txt"
claim "its words are nowhere" sh -c "! grep -rq 'secret words' '$room/one'"
claim "a pipe is no file" grep -q "it is no file" "$room/one/pipe.txt"
claim "a failure has its recording" "$dmalab" replay "$room/one/bob.rec"
claim "full marks have none" test ! -e "$room/one/ada.rec"
claim "no name of ours lies in a result" sh -c "! grep -rq '$PWD' '$room/one'"
claim "nothing is left half written" sh -c "! ls '$room/one' | grep -q '[.]new$'"

claim "again is the same, at once" status 1 grade "$class" -o "$room/one"
claim "and says so" said "nothing has changed"
claim "one at a time" status 1 grade "$class" -o "$room/two" --jobs 1
claim "has the same bytes" diff -r "$room/one" "$room/two"

cp "$lab/solution.lua" "$class/bob.lua"
claim "one file changed" status 1 grade "$class" -o "$room/one"
claim "is graded alone" said "^1 submission graded now"
claim "and has its points" grep -q '^bob,\([0-9]*\),\1,done' "$room/one/class.csv"
claim "its old recording is gone" test ! -e "$room/one/bob.rec"
claim "with a secret all are others" status 1 grade "$class" -o "$room/one" --secret-file "$room/secret"
claim "and graded anew" sh -c "! grep -q 'finished before' '$room/out'"
claim "the seeds are of the student" sh -c \
	"[ \$(sed -n 's/.*\"seed\"//p' '$room'/one/*.json | sort -u | wc -l) -eq $((count - 1)) ]"

# kill -9 and Ctrl-C in the middle
many=$room/many
mkdir "$many"
for i in $(seq 60); do
	cp "$lab/start.lua" "$many/s$i.lua"
done
cp "$lab/solution.lua" "$many/good.lua"
grade "$many" -o "$room/whole" >/dev/null
for signal in KILL INT; do
	"$dmalab" grade 01 --seconds 10 "$many" -o "$room/part" --jobs 2 >/dev/null 2>"$room/err" &
	child=$!
	while kill -0 $child && [ ! -e "$room/part/s15.json" ]; do sleep 0.02; done
	kill -$signal $child
	wait $child 2>/dev/null
	claim "$signal leaves no report" test ! -e "$room/part/class.html"
	claim "after $signal it goes on" status 1 grade "$many" -o "$room/part"
	claim "from where it stopped" said "graded now, [0-9]* were finished before"
	claim "to the same bytes" diff -r "$room/whole" "$room/part"
	rm -rf "$room/part"
done

mkdir "$room/tiny"
if mount -t tmpfs -o size=64k none "$room/tiny" 2>/dev/null; then
	claim "a full disk is status 1" status 1 grade "$many" -o "$room/tiny/out"
	claim "and says what could not be written" said "cannot be written: No space"
	mount -o remount,size=16m "$room/tiny"
	claim "with more room it goes on" status 1 grade "$many" -o "$room/tiny/out"
	claim "to the same bytes" diff -r "$room/whole" "$room/tiny/out"
else
	echo "# a full disk is left out: no tmpfs can be mounted here"
fi

mkdir "$room/none" "$room/full"
cp "$lab/solution.lua" "$room/full/a.lua"
claim "full marks for all are status 0" status 0 grade "$room/full"
claim "in DIR-results" test -e "$room/full-results/class.html"
claim "--exit-zero is status 0" status 0 grade "$class" -o "$room/one" --exit-zero
claim "an empty folder is wrong usage" status 2 grade "$room/none"
claim "no folder is wrong usage" status 2 grade "$room/nowhere"
claim "a file for a secret that is not there, too" status 2 grade "$class" --secret-file "$room/no"
echo >"$room/blank"
claim "an empty secret is refused" status 1 grade "$class" --secret-file "$room/blank"
claim "and how to make one is said" said "head -c 32"
claim "so is a format nobody knows" status 2 grade "$class" --format jsn
claim "with the nearest name" said "did you mean json"
mkdir "$class/ada"
cp "$lab/solution.lua" "$class/ada/driver.lua"
claim "and two submissions of one student" status 2 grade "$class"
one=$class/bob.lua
# The leak detector does not work under strace.
if strace -qq -o /dev/null true 2>/dev/null; then
	refused="env ASAN_OPTIONS=detect_leaks=0 strace -qq -f -o /dev/null -e inject=landlock_restrict_self:error=EPERM"
	claim "what a kernel refuses is found out" status 1 \
		$refused "$dmalab" grade 01 "$one" --exit-zero --require-sandbox
	claim "and said" said "this kernel has no landlock"
	claim "and stands in the result" status 0 $refused "$dmalab" grade 01 "$one" --exit-zero
	claim "in words" said "sandbox: without landlock"
else
	echo "# a kernel that refuses is left out: nothing can be traced here"
fi
claim "a result goes into a pipe once" sh -c "[ \$('$dmalab' grade 01 '$one' -o /dev/stdout | grep -c points:) -le 1 ]"
claim "no result is lost on a full device" status 1 grade "$one" -o /dev/full
claim "and the device stays one" test -c /dev/full
claim "nor is one on standard output" sh -c "'$dmalab' grade 01 '$one' --exit-zero >/dev/full 2>&1; [ \$? -eq 1 ]"
claim "a recording that cannot be is wrong usage" status 2 grade "$one" --record "$room/nowhere/x"
claim "so is one in the place of a device" status 2 grade "$one" --record /dev/null
claim "a reader that leaves early is no trouble" sh -c "'$dmalab' grade 01 '$one' | head -n 1"
claim "merge wants results" status 2 "$dmalab" grade --merge "$room/none"

claim "a picture needs a recording" status 2 grade "$lab/start.lua" --picture
rm -r "$class/ada"
claim "pictures are asked for later" status 1 grade "$class" -o "$room/one" --picture --format prairielearn
claim "one shows the first failure" grep -q "</svg>" "$room/one/wrong-physical.svg"
claim "the report leads to it" grep -q 'wrong-physical.svg' "$room/one/class.html"
claim "it goes where pictures are shown" grep -q 'data:image/svg+xml;base64,' "$room/one/wrong-physical.prairielearn.json"
claim "full marks have none" test ! -e "$room/one/ada.svg"

close_claims
