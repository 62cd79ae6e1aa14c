#!/usr/bin/env bash
# What the headers cost a source file that includes them and does nothing else, compiled without optimisation: a Markdown
# table for each compiler, with the difference to a floor, the least that such a file costs.
#
#   ./scripts/compile_time.sh                   CPU time: the least of five runs, in turn
#   ./scripts/compile_time.sh --instructions    instructions of g++, counted by valgrind: the same on a busy machine
#
# The variable STATWIRE_ASIO_INCLUDE_DIR says where Asio is, when the compiler does not find it; RUNS is how many runs.
set -euo pipefail
cd "$(dirname "$0")/.."

# name | floor | defined | included
rows='
<chrono> and <string_view>|||chrono string_view
statwire/handles.hpp|<chrono> and <string_view>||statwire/handles.hpp
asio/ip/udp.hpp|||asio/ip/udp.hpp
statwire/statsd.hpp, header-only|asio/ip/udp.hpp||statwire/statsd.hpp
statwire/statsd.hpp, compiled once|asio/ip/udp.hpp|STATWIRE_SEPARATE_COMPILATION|statwire/statsd.hpp
statwire/server/statsd_server.hpp, header-only|asio/ip/udp.hpp||statwire/server/statsd_server.hpp
statwire/server/statsd_server.hpp, compiled once|asio/ip/udp.hpp|STATWIRE_SEPARATE_COMPILATION|statwire/server/statsd_server.hpp'

case ${1:-} in
  '') unit=s ;;
  --instructions) unit='10^9 instructions' ;;
  *)
    echo "compile_time.sh: '$1' is not --instructions" >&2
    exit 2
    ;;
esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags=(-std=c++20 -O0 -Iinclude -pthread)
[ -z "${STATWIRE_ASIO_INCLUDE_DIR:-}" ] || flags+=(-idirafter "$STATWIRE_ASIO_INCLUDE_DIR")

names=()
declare -A floor
while IFS='|' read -r name below define headers; do
  [ -n "$name" ] || continue
  floor[$name]=$below
  file=$folder/${#names[@]}.cpp
  [ -z "$define" ] || echo "#define $define" >"$file"
  for header in $headers; do echo "#include <$header>"; done >>"$file"
  names+=("$name")
done <<<"$rows"

# seconds COMPILER FILE: user and system time
seconds() {
  local TIMEFORMAT='%U %S'
  { time "$1" "${flags[@]}" -c "$2" -o "$folder/object" 2>"$folder/errors"; } 2>&1 | awk '{ print $1 + $2 }'
}

# instructions COMPILER FILE: in thousands of millions, of the compiler proper and the assembler
instructions() {
  local wrapper=valgrind,--tool=cachegrind,--cache-sim=no,--cachegrind-out-file=/dev/null
  "$1" "${flags[@]}" -c "$2" -o "$folder/object" -wrapper "$wrapper" 2>"$folder/errors" || return
  awk '/I +refs:/ { gsub(",", "", $NF); sum += $NF } END { if (!sum) exit 1; printf "%.3f\n", sum / 1e9 }' "$folder/errors"
}

# print COMPILER: the table of the figures in `least`
print() {
  local name below difference
  echo
  echo "| $1 $("$1" -dumpfullversion 2>/dev/null || "$1" -dumpversion): a file that includes | $unit | over its floor |"
  echo '|---|---|---|'
  for name in "${names[@]}"; do
    below=${floor[$name]}
    difference='(floor)'
    [ -z "$below" ] || difference=$(awk -v a="${least[$name]}" -v b="${least[$below]}" 'BEGIN { printf "%.2f", a - b }')
    name=$(sed 's/<[^>]*>\|[a-z_/]*\.hpp/`&`/g' <<<"$name")
    printf '| %s | %.2f | %s |\n' "$name" "${least[${name//\`/}]}" "$difference"
  done
}

for compiler in g++ clang++; do
  if ! command -v "$compiler" >/dev/null; then
    echo "SKIPPED: no $compiler"
    continue
  fi
  declare -A least=()
  if [ "$unit" != s ]; then
    # clang++ has no way to put valgrind before the compiler proper.
    if [ "$compiler" != g++ ]; then continue; fi
    if ! command -v valgrind >/dev/null; then
      echo 'SKIPPED: no valgrind'
      continue
    fi
    for i in "${!names[@]}"; do
      least[${names[$i]}]=$(instructions "$compiler" "$folder/$i.cpp") || {
        cat "$folder/errors" >&2
        exit 1
      }
    done
  else
    for ((run = 0; run < ${RUNS:-5}; ++run)); do
      for i in "${!names[@]}"; do
        figure=$(seconds "$compiler" "$folder/$i.cpp") || {
          cat "$folder/errors" >&2
          exit 1
        }
        name=${names[$i]}
        least[$name]=$(awk -v a="$figure" -v b="${least[$name]:-$figure}" 'BEGIN { print a < b ? a : b }')
      done
    done
  fi
  print "$compiler"
done
