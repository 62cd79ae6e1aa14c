#!/bin/sh
# Builds a program against an installed statwire with the compiler and pkg-config alone, and runs it:
# pkg_config.sh COMPILER PREFIX SOURCE PROGRAM [FOLDER_OF_ASIO]
set -eu
compiler=$1 prefix=$2 source=$3 program=$4 asio=${5:-}
command -v pkg-config >/dev/null || {
  echo "SKIPPED: no pkg-config here"
  exit 0
}
PKG_CONFIG_PATH=$prefix/share/pkgconfig
export PKG_CONFIG_PATH
pkg-config --print-errors --exists 'statwire >= 0.1 statwire < 0.2'
if pkg-config --exists cpp-httplib nlohmann_json; then
  pkg-config --print-errors --exists statwire-http
fi
flags=$(pkg-config --cflags --libs statwire)
case $flags in
  *-std=*) echo "the standard is the user's to choose: $flags" >&2 && exit 1 ;;
esac
# shellcheck disable=SC2086  # words, as pkg-config means them
"$compiler" -std=c++20 "$source" -o "$program" $flags ${asio:+-idirafter "$asio"}
"$program"
