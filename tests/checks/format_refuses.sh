#!/usr/bin/env bash
# check_format.sh must find what it looks for: a file that is formatted passes, and one with a space too many does not.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp "$root/.clang-format" "$copy"

echo 'int main() {}' >"$copy/main.cpp"
"$root/scripts/check_format.sh" "$copy/main.cpp"
echo 'int  main() {}' >"$copy/main.cpp"
if complaint=$("$root/scripts/check_format.sh" "$copy/main.cpp" 2>&1); then
  echo "not refused, but said: $complaint"  # without clang-format, SKIPPED
  case $complaint in SKIPPED*) exit 0 ;; *) exit 1 ;; esac
fi
case $complaint in
  *main.cpp:1:*) ;;
  *)
    echo "refused, but said: $complaint"
    exit 1
    ;;
esac
