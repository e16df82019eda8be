# What the student edits, and the secret where the grader alone sees it.
cp "$lab/start.lua" "$out/start.lua"
[ -z "$secret" ] || cp "$secret" "$out/tests/secret"
chmod 755 "$out/tests/grade.sh"
