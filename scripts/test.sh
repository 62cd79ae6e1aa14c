#!/usr/bin/env bash
# Installs what is missing, builds and runs the tests.
#
#   ./scripts/test.sh              all tests, with GCC
#   ./scripts/test.sh ci           also those of the library alone, with Clang under AddressSanitizer and UBSan
#   ./scripts/test.sh all          all with GCC, with Clang under AddressSanitizer and UBSan, and under ThreadSanitizer
#   ./scripts/test.sh asan tsan    some of: dev library asan tsan
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

presets=("$@")
[ $# -gt 0 ] || presets=(dev)
case "${presets[*]}" in
  ci) presets=(dev library) ;;
  all) presets=(dev asan tsan) ;;
esac
goal=test
for preset in "${presets[@]}"; do
  case $preset in
    dev) ;;
    library | asan | tsan) goal=sanitizers ;;
    *)
      echo "test.sh: '$preset' is none of: ci, all, dev, library, asan, tsan" >&2
      exit 2
      ;;
  esac
done

./scripts/setup.sh "$goal"
for preset in "${presets[@]}"; do
  echo "== $preset: building"
  build "$preset"
  # Many tests wait for a server or a deadline, so more of them than there are cores.
  ctest --preset "$preset" --parallel "$((2 * $(nproc)))"
done
