#!/bin/sh
# platforms.sh BUILD: the package of each platform, unpacked and run the way that platform says it
# does: its folders, its files, exit status, the fields of what it reads. Then the kits. Nothing here
# needs a network or an account.

build=$PWD/$1
dmalab=$build/dmalab
room=$(mktemp -d)
lab=$(ls -d labs/01-*)
name=$(basename "$lab")
. tests/grade/claims.sh
export PATH="$build:$PATH"
trap 'rm -rf "$room"' EXIT

# holds FILE EXPRESSION: the file is JSON, and of the value v this is true
holds() {
	"$dmalab" run "$room/holds.lua" "$1" "$2" || { cat "$1"; false; }
}
cat >"$room/holds.lua" <<'END'
local file = assert(io.open(arg[1]))
local v = assert(core.from_json(file:read("a")), "no JSON")
function sum(list, field)
  local n = 0
  for _, row in ipairs(list) do n = n + row[field] end
  return n
end
assert(assert(core.compile("local v = ... return " .. arg[2]))(v), arg[2])
END

pack() {
	sh scripts/pack.sh "$1" "$room/packed" 01 "$2" >/dev/null
}

echo "a secret" >"$room/secret"
claim "a lab's number without its 0 is the same lab" sh -c \
	"[ \"\$(sh scripts/pack.sh coderunner '$room/short' 1)\" = '$room/short/coderunner-$name' ]"

# Gradescope: source/ is the zip, run_autograder is copied beside it, setup.sh has run -----------

gradescope() {
	rm -rf "$root/submission" "$root/results"
	mkdir -p "$root/submission" "$root/results"
	cp "$1" "$root/submission/$2"
	(cd / && "$root/run_autograder")
}

root=$room/autograder
results=$root/results/results.json
metadata='{"id": 1, "users": [{"email": "z@x.org"}, {"email": "a@x.org"}], "previous_submissions": []}'
if command -v zip >/dev/null && command -v unzip >/dev/null; then
	pack gradescope "$room/secret"
	mkdir -p "$root/source"
	unzip -q "$room/packed/gradescope-$name.zip" -d "$root/source"
	cp "$root/source/run_autograder" "$root"
	echo "$metadata" >"$root/submission_metadata.json"
	claim "the zip has both scripts at its root" test -x "$root/source/setup.sh" -a \
		-x "$root/source/run_autograder"
	claim "setup.sh builds what is in the zip" env CFLAGS=-O0 MAKEFLAGS=-j2 sh "$root/source/setup.sh"
	claim "so a student's kit builds, and lab works there" "$root/source/dmalab/build/dmalab" lab list
	claim "nobody else reads the secret" test "$(stat -c %a "$root/source/secret")" = 600
	claim "a solution" gradescope "$lab/solution.lua" driver.lua
	claim "has full marks" holds "$results" "v.score == sum(v.tests, 'max_score') and v.score > 0"
	cp "$results" "$room/again"
	claim "a file of another name" gradescope "$lab/solution.lua" mine.lua
	claim "is the same, byte for byte" cmp "$results" "$room/again"
	claim "the start" gradescope "$lab/start.lua" driver.lua
	claim "has fewer" holds "$results" \
		"v.score == sum(v.tests, 'score') and v.score < sum(v.tests, 'max_score')"
	claim "and says why" holds "$results" "v.tests[1].status == 'failed' and #v.tests[1].output > 20"
	claim "a wrong file name" gradescope "$lab/start.lua" driver.txt
	claim "has a result too" holds "$results" "v.score == 0 and v.output:find 'cannot be read'"
else
	echo "# Gradescope is left out: zip and unzip are not installed"
fi

# PrairieLearn: /grade/student, /grade/tests, /grade/data/data.json; results/ is ours to make ------

pack prairielearn "$room/secret"
question=$room/packed/prairielearn-$name
grade=$room/grade
prairielearn() {
	rm -rf "$grade"
	mkdir -p "$grade/student" "$grade/data"
	cp -R "$question/tests" "$grade/tests"
	cp "$1" "$grade/student/driver.lua"
	echo '{"params": {}, "variant_seed": 4711}' >"$grade/data/data.json"
	chmod +x "$grade/tests/grade.sh"
	(cd / && "$grade/tests/grade.sh")
}
results=$grade/results/results.json
claim "a question has what PrairieLearn wants" holds "$question/info.json" \
	"v.type == 'v3' and v.gradingMethod == 'External' and #v.uuid == 36 and
	v.externalGradingOptions.enabled and v.externalGradingOptions.entrypoint == '/grade/tests/grade.sh'"
claim "a page with the lab's question" grep -q "^# 01" "$question/question.html"
claim "and the start in its editor" cmp "$lab/start.lua" "$question/start.lua"
claim "no solution is in it" sh -c "! ls -R '$question' | grep -E 'solution|wrong-'"
claim "a solution" prairielearn "$lab/solution.lua"
claim "has score 1" holds "$results" "v.gradable == true and v.score == 1"
claim "the start" prairielearn "$lab/start.lua"
claim "has less" holds "$results" \
	"v.score < 1 and v.score * sum(v.tests, 'max_points') == sum(v.tests, 'points')"
echo 'x = = 1' >"$room/broken.lua"
claim "what is no Lua" prairielearn "$room/broken.lua"
claim "is not gradable" holds "$results" "v.gradable == false and #v.format_errors == 1"

# Classroom 50: autograder.py in the student's checkout -------------------------------------------

pack classroom50
checkout=$room/checkout
mkdir "$checkout"
classroom50() {
	cp "$1" "$checkout/driver.lua"
	(cd "$checkout" && CLASSROOM=osdev ASSIGNMENT=lab-01 USERNAME=ada COMMIT_URL=https://x/c \
		RELEASE_URL=https://x/r REVIEW_URL=https://x/d \
		SUBMISSION_TAG=submit/2026-10-01T09-00-00Z-a1b2c3d \
		python3 "$room/packed/classroom50-$name/autograder.py")
}
results=$checkout/result.json
if command -v python3 >/dev/null; then
	claim "a solution" classroom50 "$lab/solution.lua"
	claim "has full marks" holds "$results" "v.score == v['max-score'] and v.score > 0 and
		v.score == sum(v.tests, 'score') and v['max-score'] == sum(v.tests, 'max-score')"
	claim "and is whose the runner says" holds "$results" \
		"v.schema == 'classroom50/result/v1' and v.classroom == 'osdev' and v.assignment == 'lab-01' and
		v.submission == 'submit/2026-10-01T09-00-00Z-a1b2c3d' and v.commit == 'https://x/c' and
		v.release == 'https://x/r' and v.review == 'https://x/d' and v.datetime == '2026-10-01T09:00:00Z'"
	claim "the start is no error of the runner" classroom50 "$lab/start.lua"
	claim "but has fewer points" holds "$results" \
		"v.score < v['max-score'] and v.tests[1].passed == false and v.tests[1]['test-name']"
	PATH=/usr/bin:/bin claim "a runner without dmalab is one" sh -c \
		"! python3 '$room/packed/classroom50-$name/autograder.py'"
else
	echo "# Classroom 50 is left out: python3 is not installed"
fi

# GitHub Actions: the step of the workflow, in a checkout ------------------------------------------

pack github
step=$(sed -n 's/^ *run: \(.*grade.sh\)$/\1/p' "$room/packed/github-$name/grade.yml")
mkdir -p "$checkout/.github" "$checkout/.dmalab"
cp "$room/packed/github-$name/grade.sh" "$checkout/.github"
ln -s "$build" "$checkout/.dmalab/build"
github() {
	cp "$1" "$checkout/driver.lua"
	rm -f "$room/output"
	(cd "$checkout" && STUDENT=x/ada GITHUB_STEP_SUMMARY="$room/summary" \
		GITHUB_OUTPUT="$room/output" sh -c "$step")
}
claim "a solution is a green run" github "$lab/solution.lua"
red() {
	github "$1"
	[ $? -eq 1 ]
}
claim "with the reasons in the summary" grep -q "^    $name: \([0-9]*\) of \1 points" "$room/summary"
claim "the start is a red one" red "$lab/start.lua"
claim "its output is base64 of JSON" sh -c "sed 's/^result=//' '$room/output' | base64 -d >'$room/out'"
claim "that a reporter reads" holds "$room/out" "v.status == 'fail' and v.max_score > 0 and
	sum(v.tests, 'score') < v.max_score and v.tests[1].line_no == 0"
claim "JUnit's XML is beside it" grep -q "<testsuites name=\"$name\"" "$checkout/result.xml"
claim "the job has the name reporters want" grep -q "^  run-autograding-tests:$" \
	"$room/packed/github-$name/grade.yml"
if python3 -c 'import yaml' 2>/dev/null; then
	claim "the workflow is YAML" python3 -c 'import sys, yaml
assert yaml.safe_load(open(sys.argv[1]))["jobs"]["run-autograding-tests"]["steps"][3]["id"] == "grade"' \
		"$room/packed/github-$name/grade.yml"
fi

# CodeRunner: Twig fills the template in, Jobe runs it in an empty folder ---------------------------

pack coderunner
jobe=$room/jobe
mkdir "$jobe"
coderunner() {
	python3 - "$room/packed/coderunner-$name/template.py" "$1" >"$jobe/prog.py" <<-'END'
		import sys
		def py(text):      # what Twig's escaper of CodeRunner does
		    return text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")
		template = open(sys.argv[1]).read()
		answer = open(sys.argv[2], encoding="utf-8").read()
		template = template.replace("{{ STUDENT_ANSWER | e('py') }}", py(answer))
		print(template.replace("{{ STUDENT.username | e('py') }}", py("o'hara")), end="")
	END
	(cd "$jobe" && python3 prog.py >out 2>err) && [ ! -s "$jobe/err" ]
}
if command -v python3 >/dev/null; then
	claim "a solution" coderunner "$lab/solution.lua"
	claim "has fraction 1" holds "$jobe/out" "v.fraction == 1 and v.testresults[2][1] == 1"
	printf 'x = "\\n\\"" -- """ \\\n%s' "$(cat "$lab/start.lua")" >"$room/quotes.lua"
	claim "the start, with quotes of every kind" coderunner "$room/quotes.lua"
	claim "arrives as it was" cmp "$room/quotes.lua" "$jobe/driver.lua"
	claim "and has less" holds "$jobe/out" "v.fraction < 1 and v.testresults[1][1] == 'iscorrect' and
		#v.columnformats == #v.testresults[1] - 2 and v.testresults[2][1] == 0"
	PATH=/usr/bin:/bin claim "without dmalab it says so" coderunner "$lab/start.lua"
fi

# Kits --------------------------------------------------------------------------------------------

kit() {
	sh scripts/pack.sh "$1-kit" "$room/$2" >/dev/null
	tar -xzf "$room/$2/dmalab-$1.tar.gz" -C "$room/$2"
}
kit student one
kit student two
kit teacher three
student=$room/one/dmalab-student
claim "two student kits are the same bytes" cmp "$room/one/dmalab-student.tar.gz" \
	"$room/two/dmalab-student.tar.gz"
claim "no file of a student kit is a solution or a test" sh -c \
	"! find '$student' | grep -E 'solution|wrong-|tests|platforms|secret'"
body() {
	grep -Ev '^ *(--|$)' "$1" | cksum
}
hidden() {
	for file in labs/*/solution.lua labs/*/wrong-*.lua; do body "$file"; done | sort -u >"$room/hidden"
	find "$student/labs" -name '*.lua' | while read -r file; do body "$file"; done | sort -u |
		comm -12 - "$room/hidden" | tee "$room/found"
	[ ! -s "$room/found" ]
}
claim "nor the same under another name" hidden
claim "each lab is there" sh -c "[ \$(ls '$student'/labs/*/start.lua | wc -l) -eq \$(ls labs/*/start.lua | wc -l) ]"
[ ! -d "$root/source/dmalab/scripts" ] || claim "it is what setup.sh has built" sh -c \
	"diff -r '$student' '$root/source/dmalab' | grep -v ': build$' | grep . && exit 1 || :"
claim "a teacher kit has it all" diff -r labs "$room/three/dmalab-teacher/labs"
mkdir "$room/installed"
claim "make install" make install B="${build##*/}" DESTDIR="$room/installed" PREFIX=/usr
claim "installs labs as students get them" diff -rq "$student/labs" \
	"$room/installed/usr/share/dmalab/labs"

close_claims
