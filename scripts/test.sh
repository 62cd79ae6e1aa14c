#!/usr/bin/env bash
# Installs what is missing, builds and runs all tests: with GCC, then with Clang under AddressSanitizer and
# UndefinedBehaviorSanitizer, then under ThreadSanitizer.
#
#   ./scripts/test.sh             all three
#   ./scripts/test.sh dev asan    some of them
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

presets=("$@")
[ $# -gt 0 ] || presets=(dev asan tsan)
for preset in "${presets[@]}"; do
  case $preset in
    dev | asan | tsan) ;;
    *)
      echo "test.sh: '$preset' is none of: dev, asan, tsan" >&2
      exit 2
      ;;
  esac
done

./scripts/setup.sh test
for preset in "${presets[@]}"; do
  echo "== $preset: building"
  build "$preset"
  ctest --preset "$preset" --parallel "$(nproc)"
done
