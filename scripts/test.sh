#!/usr/bin/env bash
# Installs what is missing, builds and runs the tests.
#
#   ./scripts/test.sh              all tests, with GCC
#   ./scripts/test.sh ci           the same without debug information, and those of the library alone, with Clang under
#                                  AddressSanitizer and UBSan
#   ./scripts/test.sh all          all with GCC, with Clang under AddressSanitizer and UBSan, and under ThreadSanitizer
#   ./scripts/test.sh asan tsan    some of: dev quick library asan tsan
#   ./scripts/test.sh --counterparts ...    also installs, while it builds, the real servers that tests run against
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

with_counterparts=no
if [ "${1:-}" = --counterparts ]; then
  with_counterparts=yes
  shift
fi
presets=("$@")
[ $# -gt 0 ] || presets=(dev)
case "${presets[*]}" in
  ci) presets=(quick library) ;;
  all) presets=(dev asan tsan) ;;
esac
goal=test
for preset in "${presets[@]}"; do
  case $preset in
    dev | quick) ;;
    library | asan | tsan) goal=sanitizers ;;
    *)
      echo "test.sh: '$preset' is none of: --counterparts, ci, all, dev, quick, library, asan, tsan" >&2
      exit 2
      ;;
  esac
done

# What a failed test printed stands far above the end of the list: it is shown once more behind it.
run_tests() {
  local log=build/$1/Testing/Temporary status=0
  ctest --preset "$1" --parallel "$((2 * $(nproc)))" || status=$?
  if [ "$status" -ne 0 ]; then
    awk 'FNR == NR { sub(/^[0-9]+:/, ""); is_failed[$0] = 1; next }
         / Testing: / { name = $0; sub(/^[0-9]+\/[0-9]+ Testing: /, "", name); is_shown = name in is_failed }
         is_shown' "$log/LastTestsFailed.log" "$log/LastTest.log" >&2
  fi
  return "$status"
}

./scripts/setup.sh "$goal"
installer=
builder=
at_exit() {
  [ -z "$builder" ] || kill -- "-$builder" 2>/dev/null || true
  [ -z "$installer" ] || wait "$installer" || true  # half an installation would be in the way of the next
}
trap at_exit EXIT
if [ "$with_counterparts" = yes ]; then
  ./scripts/setup.sh "$goal" --counterparts &
  installer=$!
fi
say() { echo "== $1, after $((SECONDS / 60)) min $((SECONDS % 60)) s"; }
say "${presets[0]}: building"
build "${presets[0]}"
if [ -n "$installer" ]; then
  wait "$installer"
  installer=
fi
for ((i = 0; i < ${#presets[@]}; ++i)); do
  # Many tests wait for a server or a deadline: the next preset is built meanwhile, behind them.
  next=${presets[i + 1]:-}
  if [ -n "$next" ]; then
    set -m  # a process group of its own, to end it by
    (renice -n 19 "$BASHPID" >/dev/null && build "$next") &
    builder=$!
    set +m
  fi
  say "${presets[i]}: testing"
  run_tests "${presets[i]}"
  if [ -n "$next" ]; then
    say "$next: building"
    wait "$builder"
    builder=
  fi
done
