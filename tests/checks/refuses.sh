#!/usr/bin/env bash
# refuses.sh CHECK TARGET FILE GOOD BAD WORDS: a script of ../../scripts must find what it looks for. In a folder of its own,
# FILE holds first the text GOOD, which must pass, then BAD, about which the check must say WORDS. TARGET is what the check is
# told to look at there.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
check=$root/scripts/$1 target=$2 file=$3 good=$4 bad=$5 words=$6
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp "$root/.clang-format" "$copy"
mkdir -p "$(dirname "$copy/$file")"

echo "$good" >"$copy/$file"
"$check" "$copy/$target"
echo "$bad" >"$copy/$file"
if complaint=$("$check" "$copy/$target" 2>&1); then
  echo "not refused, but said: $complaint"  # without the tool, SKIPPED
  case $complaint in SKIPPED*) exit 0 ;; *) exit 1 ;; esac
fi
if [[ $complaint != *"$words"* ]]; then
  echo "refused, but said: $complaint"
  exit 1
fi
