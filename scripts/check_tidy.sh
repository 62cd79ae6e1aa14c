#!/usr/bin/env bash
# Asks clang-tidy about all public headers, in one file that includes them, and fails on any finding in a header of statwire.
# Takes about 40 s of CPU. .clang-tidy has the checks; versions differ in what they find, so that one is asked: without it,
# "SKIPPED: ...". Headers whose library is not on the machine are left out.
#
#   ./scripts/check_tidy.sh [DIRECTORY]    default: this project's include directory
#
# The variable STATWIRE_ASIO_INCLUDE_DIR says where Asio is, when the compiler does not find it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$root/include}"
version=14

for tidy in "clang-tidy-$version" clang-tidy; do
  found=$("$tidy" --version 2>/dev/null | grep -o 'LLVM version [0-9.]*') || found=
  [[ ! $found =~ version\ $version\. ]] || break
done
if [[ ! $found =~ version\ $version\. ]]; then
  echo "SKIPPED: clang-tidy $version is not installed (Debian: clang-tidy-$version); found: ${found:-none}"
  exit
fi

# What a header needs beside Asio.
library() {
  case $1 in
    statwire/contexts.hpp | statwire/instrumented_server.hpp | statwire/*/contexts_*) echo httplib.h ;;
    statwire/server/sqlite_*) echo sqlite3.h ;;
    *) echo cstddef ;;
  esac
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
shopt -s nullglob
for header in statwire/*.hpp statwire/server/*_{server,store}.hpp statwire/testing/*.hpp statwire/transport/*.hpp; do
  if [ "$header" = statwire/src.hpp ]; then continue; fi  # only separate compilation includes it
  printf '#if __has_include(<%s>)\n#include "%s"\n#endif\n' "$(library "$header")" "$header"
done >"$folder/all.cpp"
if [ ! -s "$folder/all.cpp" ]; then
  echo "no header of statwire in $PWD" >&2
  exit 1
fi

flags=(-std=c++20 "-I$PWD")
here=$(sed 's/[][().+*?{}^$|\\]/\\&/g' <<<"$PWD")  # as a regular expression
[ -z "${STATWIRE_ASIO_INCLUDE_DIR:-}" ] || flags+=(-idirafter "$STATWIRE_ASIO_INCLUDE_DIR")
"$tidy" --quiet --config-file="$root/.clang-tidy" --header-filter="^$here/statwire/" "$folder/all.cpp" -- "${flags[@]}"
