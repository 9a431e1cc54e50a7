#!/bin/sh
# stage.sh PROGRAM MANIFEST DIR STAMP: makes DIR what `convoke deploy` takes.
set -eu
mkdir -p "$3"
cp "$1" "$3/bootstrap"
cp "$2" "$3/convoke.toml"
touch "$4"
