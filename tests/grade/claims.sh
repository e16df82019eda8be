# What the tests of this folder that are shell claim; read by them, with a folder of theirs in $room.

passed=0
failed=0

# claim WORDS COMMAND...: the command succeeds
claim() {
	words=$1
	shift
	if "$@" >"$room/said" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $words"
		sed 's/^/    /' "$room/said"
	fi
}

# The last line of a test, and its status.
close_claims() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
