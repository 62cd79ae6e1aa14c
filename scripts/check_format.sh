#!/usr/bin/env bash
# Fails when a C++ file of the repository is not formatted as .clang-format says, and shows where. Versions of clang-format
# differ in what they make of a file, so that only the one whose output is checked in is asked: without it, "SKIPPED: ...".
#
#   ./scripts/check_format.sh          check
#   ./scripts/check_format.sh --fix    format what is not
#   ./scripts/check_format.sh FILE...  check these files, named from the project's folder
set -euo pipefail
cd "$(dirname "$0")/.."
version=14

for format in "clang-format-$version" clang-format; do
  found=$("$format" --version 2>/dev/null) || found=
  [[ ! $found =~ version\ $version\. ]] || break
done
if [[ ! $found =~ version\ $version\. ]]; then
  echo "SKIPPED: clang-format $version is not installed (Debian: clang-format-$version); found: ${found:-none}"
  exit
fi

how=(--dry-run --Werror)
if [ "${1:-}" = --fix ]; then
  how=(-i)
  shift
fi
files=("$@")
if [ $# = 0 ]; then
  if [ ! -e .git ]; then
    echo "SKIPPED: not a Git repository, which says what files belong to it"
    exit
  fi
  # What is deleted and not committed yet is not there.
  while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || files+=("$file")
  done < <(git ls-files -z '*.hpp' '*.ipp' '*.cpp')
fi
"$format" "${how[@]}" --style=file -- "${files[@]}"
