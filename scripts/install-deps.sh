#!/bin/sh
# install-deps.sh [cmocka] [clang] [view] [screen]: make sure that everything the build needs is
# there.
#
# Where nothing is missing it does nothing, says nothing and needs no network. Else it says what it
# will install and asks the system's package manager. When that cannot be done it names each missing
# package and the command that would install it, and exits 1. cmocka is for `make check`, clang
# (with its sanitizer and fuzzer libraries) for `make fuzz`, view for the window (SDL and a font of
# fixed width), screen for testing a window where there is no screen.

CC=${CC:-cc}

# One row a need:  need | apt | dnf | pacman | brew
table() {
	rt=libclang-rt-dev
	command -v clang >/dev/null && rt=libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev
	cat <<-END
		make|make|make|make|make
		compiler|gcc libc6-dev|gcc glibc-devel|gcc|gcc
		pkg-config|pkg-config|pkgconf-pkg-config|pkgconf|pkg-config
		lua|liblua5.4-dev|lua-devel|lua|lua
		readline|libreadline-dev|readline-devel|readline|readline
		libzstd|libzstd-dev|libzstd-devel|zstd|zstd
		libcjson|libcjson-dev|cjson-devel|cjson|cjson
		nettle|nettle-dev|nettle-devel|nettle|nettle
		libseccomp|libseccomp-dev|libseccomp-devel|libseccomp|libseccomp
		cmocka|libcmocka-dev|libcmocka-devel|cmocka|cmocka
		clang|clang $rt|clang compiler-rt|clang compiler-rt|llvm
		sdl2|libsdl2-dev|SDL2-devel|sdl2|sdl2
		SDL2_ttf|libsdl2-ttf-dev|SDL2_ttf-devel|sdl2_ttf|sdl2_ttf
		fontconfig|libfontconfig-dev|fontconfig-devel|fontconfig|fontconfig
		libpng|libpng-dev|libpng-devel|libpng|libpng
		font|fontconfig fonts-dejavu-core|dejavu-sans-mono-fonts|ttf-dejavu|font-dejavu
		Xvfb|xvfb|xorg-x11-server-Xvfb|xorg-server-xvfb|xorg-server
		xdotool|xdotool|xdotool|xdotool|xdotool
	END
}

lua_there() {
	for name in lua5.4 lua-5.4 lua54 lua; do
		pkg-config --exists "$name >= 5.4 $name < 5.5" && return
	done
	return 1
}

clang_there() {
	echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return b && n == 9; }' |
		clang -fsanitize=fuzzer,address -x c - -o /dev/null
}

there() {
	case $1 in
	make) command -v make ;;
	compiler) echo '#include <stdio.h>' | $CC -fsyntax-only -x c - ;;
	pkg-config) command -v pkg-config ;;
	lua) lua_there ;;
	clang) clang_there ;;
	font) fc-list :spacing=mono family | grep -q . ;;
	Xvfb | xdotool) command -v "$1" ;;
	*) pkg-config --exists "$1" ;;
	esac >/dev/null 2>&1
}

missing() {
	for need in $needs; do
		there "$need" || printf '%s ' "$need"
	done
}

# packages COLUMN NEED...: what this package manager calls them
packages() {
	column=$1
	shift
	for need; do
		table | awk -F'|' -v need="$need" -v column="$column" '$1 == need { print $column }'
	done | tr '\n' ' ' | sed 's/ $//'
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "dmalab: installing packages needs root, and there is no sudo" >&2
		return 1
	fi
}

install() {
	if command -v apt-get >/dev/null; then
		list=$(packages 2 "$@")
		echo "dmalab: installing with apt-get: $list"
		apt $list || { as_root apt-get update && apt $list; }
	elif command -v dnf >/dev/null; then
		list=$(packages 3 "$@")
		echo "dmalab: installing with dnf: $list"
		as_root dnf install -y $list
	elif command -v pacman >/dev/null; then
		list=$(packages 4 "$@")
		echo "dmalab: installing with pacman: $list"
		as_root pacman -S --needed --noconfirm $list
	elif command -v brew >/dev/null; then
		list=$(packages 5 "$@")
		echo "dmalab: installing with brew: $list"
		brew install $list
	else
		echo "dmalab: no package manager known here (apt-get, dnf, pacman, brew)" >&2
		return 1
	fi </dev/null
}

give_up() {
	cat >&2 <<-END
		dmalab: still missing: $*
		Install it with the line for your system, then try again:
		  Debian, Ubuntu   sudo apt-get install $(packages 2 "$@")
		  Fedora           sudo dnf install $(packages 3 "$@")
		  Arch             sudo pacman -S $(packages 4 "$@")
		  macOS            brew install $(packages 5 "$@")
		If it is installed, pkg-config does not find it: name its folder in PKG_CONFIG_PATH.
	END
	exit 1
}

needs="make compiler pkg-config lua readline libzstd libcjson nettle $*"
[ "$(uname -s)" = Linux ] && needs="$needs libseccomp"
needs=$(echo "$needs" |
	sed 's/ view/ sdl2 SDL2_ttf fontconfig libpng font/; s/ screen/ Xvfb xdotool/')
case ${CC##*/} in clang*) needs="$needs clang" ;; esac
lack=$(missing)
[ -z "$lack" ] && exit 0
install $lack || give_up $lack
lack=$(missing)
[ -z "$lack" ] || give_up $lack
