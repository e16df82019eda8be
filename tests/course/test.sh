#!/bin/sh
# Plays *.session of this folder (../sessions.sh) with the little course that lies here in the place
# of ../../labs, so that what they show does not change with the labs.
#
# usage: test.sh BINARY [--accept]
set -u
here=$(cd "$(dirname "$0")" && pwd)
binary=$1
shift
share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
cp -r "$here/../../scripts" "$share/scripts"
mkdir "$share/labs"
cp -r "$here"/0* "$share/labs"
export DMALAB_SCRIPTS="$share/scripts"
sh "$here/../sessions.sh" "$binary" "$@" "$here"/*.session
