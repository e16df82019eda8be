#!/bin/sh
# The entry point: in the folder beside data/ and student/.
root=$(cd "$(dirname "$0")/.." && pwd)
set --
[ ! -f "$root/tests/secret" ] || set -- --secret-file "$root/tests/secret"
mkdir -p "$root/results"
dmalab grade @LAB@ "$root/student/driver.lua" --format prairielearn --exit-zero \
	-o "$root/results/results.json" \
	--student "$(dmalab run "$root/tests/student.lua" "$root/data/data.json")" "$@"
