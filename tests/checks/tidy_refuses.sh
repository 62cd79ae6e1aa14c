#!/usr/bin/env bash
# check_tidy.sh must find what it looks for: a header without a mistake passes, and one with a mistake does not.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/statwire"

echo 'inline long milliseconds(long seconds) { return seconds * 1000; }' >"$copy/statwire/time.hpp"
"$root/scripts/check_tidy.sh" "$copy"
echo 'inline long milliseconds(int seconds) { return seconds * 1000; }' >"$copy/statwire/time.hpp"
if complaint=$("$root/scripts/check_tidy.sh" "$copy" 2>&1); then
  echo "not refused, but said: $complaint"  # without clang-tidy, SKIPPED
  case $complaint in SKIPPED*) exit 0 ;; *) exit 1 ;; esac
fi
case $complaint in
  *bugprone-implicit-widening*) ;;
  *)
    echo "refused, but said: $complaint"
    exit 1
    ;;
esac
