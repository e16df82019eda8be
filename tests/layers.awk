# awk -f layers.awk LAYERS FILE...: every include must look down the list, never up or outside.
# Prints one line for each breach and exits 1 if there was any.

function place(file) {
	sub(/^core\/|^viz\//, "", file)
	if (file in rank)
		return rank[file]
	folder = file
	sub(/[^\/]*$/, "*.c", folder)      # a file of its own, without a header: a device
	sub(/\.c$/, ".h", file)
	return file in rank ? rank[file] : rank[folder]
}

FNR == 1 { here = FILENAME; listing = (here ~ /LAYERS$/) }
listing && !/^#/ && NF { rank[$1] = ++count; next }
listing { next }

FNR == 1 && !place(here) { print here ": stands in no layer; add it to LAYERS"; bad = 1 }
/^#include "/ {
	split($2, part, "\"")
	target = part[2]
	if (target ~ /\.def$/)
		next
	if (!place(target)) {
		print here ":" FNR ": " target " is out of bounds here"
		bad = 1
	} else if (place(target) > place(here)) {
		print here ":" FNR ": " target " must stand above " here
		bad = 1
	}
}
END { exit bad }
