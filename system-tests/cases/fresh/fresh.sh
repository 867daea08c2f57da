#!/bin/sh
# What README.md and docs/first-device.md promise up to the card, on a Debian that has git and make and nothing else of what this
# project needs. Steps for system-tests/steps.ts.
set -eu
# shellcheck disable=SC1091 # as hand-over-registries left it
. ./environment
cd oobm
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)

### node
# Debian's own Node.js is too old there, and `make` says the command that a newcomer types.
if make build 2>said; then exit 1; fi
cat said
sed -n "s/.* As root: //p" said >typed
test -s typed
echo y | sh -exc "$(cat typed)"
rm said typed

### run
system-tests/cases/fresh/type-readme

### test
make test

### deb
make deb
# Debian 12 has no Node.js that the package could depend on.
[ "$suite" = bookworm ] || { apt-get install -y ./build/oobm-relay_*_all.deb && oobm-relay --version; }

### image
make image BOARD=vm
