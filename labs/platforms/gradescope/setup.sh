#!/bin/sh
# Once, when the image is made: install what is missing, build.
set -e
cd "$(dirname "$0")/dmalab"
[ ! -f ../secret ] || chmod 600 ../secret
sh scripts/install-deps.sh
make all
