#!/bin/sh
# pack.sh KIT BUILD [LAB [SECRET]]: what students get (student-kit), everything (teacher-kit), or the
# package of a platform (labs/platforms), put together in the folder BUILD. LAB is a number, with or
# without its 0, or a name, with or without its number. The same sources are the same bytes.
set -e
kit=$1
build=$2

# Of a lab a student gets the question, the start and what is judged.
student_labs() {
	for lab in labs/[0-9][0-9]-*; do
		mkdir -p "$1/$lab"
		for file in "$lab/README.md" "$lab/start.lua" "$lab/grade.lua"; do
			cp "$file" "$1/$lab"
		done
	done
	cp labs/README.md "$1/labs"
}

# What a student has not, the README does not speak of.
student_readme() {
	sed -e '/^## For a teacher$/,/^## /{/^## Where/!d;}' -e '/^| \[`tests\/`\]/d' "$1"
}

# tree WHOSE FOLDER: the sources
tree() {
	rm -rf "$2"
	mkdir -p "$2"
	cp -R Makefile LICENSE README.md core repl viz scripts "$2"
	if [ "$1" = student ]; then
		student_labs "$2"
		student_readme README.md >"$2/README.md"
	else
		cp -R labs tests .editorconfig .gitignore "$2"
	fi
}

# Times and modes that tell nothing of the machine.
settle() {
	chmod -R u=rwX,go=rX "$1"
	find "$1" -exec env TZ=UTC touch -t 200001010000 {} +
}

pack_sources() {
	name=dmalab-$1
	tree "$1" "$build/$name"
	settle "$build/$name"
	out=$build/$name.tar.gz
	tar -C "$build" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n >"$out"
	rm -rf "${build:?}/$name"
}

# @NAME@ in the files of a platform is what the lab says.
fill_in() {
	title=$(sed -n 's/^ *title = "\(.*\)",$/\1/p' "$lab/grade.lua" | sed 's/[&\/]/\\&/g')
	uuid=$(basename "$lab" | sha256sum |
		sed 's/^\(.\{8\}\)\(.\{4\}\).\(...\).\(...\)\(.\{12\}\).*/\1-\2-5\3-8\4-\5/')
	find "$out" -type f | while read -r file; do
		sed -i.old -e "s/@LAB@/$(basename "$lab")/g" -e "s/@TITLE@/$title/g" -e "s/@UUID@/$uuid/g" \
			-e "/^@README@$/{r $lab/README.md
			d
			}" "$file"
		rm "$file.old"
	done
}

pack_platform() {
	from=labs/platforms/$kit
	lab=$(ls -d labs/"$1"-* labs/0"$1"-* labs/[0-9][0-9]-"$1" labs/"$1" 2>/dev/null | head -n 1)
	secret=$2
	if [ -z "$1" ] || [ ! -f "$lab/grade.lua" ]; then
		echo "which lab? For instance: make $kit LAB=01" >&2
		exit 2
	fi
	out=$build/$kit-$(basename "$lab")
	rm -rf "$out"
	mkdir -p "$build"
	cp -R "$from" "$out"
	rm -f "$out/pack.sh" "$out/README.md"
	fill_in
	[ ! -f "$from/pack.sh" ] || . "./$from/pack.sh"
}

case $kit in
student-kit | teacher-kit) pack_sources "${kit%-kit}" ;;
*) pack_platform "$3" "$4" ;;
esac
echo "$out"
