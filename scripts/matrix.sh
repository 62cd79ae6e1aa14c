#!/usr/bin/env bash
# Builds and tests statwire with each compiler that is installed, and prints a table; what is not installed is SKIPPED, with
# the names of its Debian packages. Builds in build/matrix, where the log of each entry is.
#
#   ./scripts/matrix.sh                    all entries
#   ./scripts/matrix.sh gcc-11 s390x       some; the table below has their names
#   ./scripts/matrix.sh --quick [NAME...]  only the public headers and the tests of the protocols
#   ./scripts/matrix.sh --packages NAME... what to install for them
#
# JOBS=1 compiles one file at a time; else as many as there are processors.
set -euo pipefail
script=$(realpath "$0")
cd "$(dirname "$script")/.."

# tests/portable/CMakeLists.txt says what the programs are: `headers` compiles each public header alone, the others run tests.
#
# g++-multilib cannot be installed beside a cross-compiler; g++-12-multilib can, and lacks only the headers <asm/...>.
# 32-bit reckons with x87, more exactly than doubles are, so its sums are not those of the cases; 32-bit-sse reckons as others.
# -Wno-deprecated-declarations: Clang 19 blames the std::stable_sort of GCC 12's library for what it uses itself.
#
# name           Debian packages                            compiler                       C++ flags                                   programs
entries="
gcc-11           g++-11                                     g++-11                         20  -                                       headers unit integration
gcc-12           g++-12                                     g++-12                         20  -                                       headers unit integration
gcc-12-c++23     g++-12                                     g++-12                         23  -                                       headers unit
clang-14         clang-14                                   clang++-14                     20  -                                       headers unit integration
clang-16         clang-16                                   clang++-16                     20  -                                       headers unit integration
clang-16-c++23   clang-16                                   clang++-16                     23  -                                       headers unit
clang-19         clang-19                                   clang++-19                     20  -Wno-deprecated-declarations            headers unit integration
clang-19-c++23   clang-19                                   clang++-19                     23  -Wno-deprecated-declarations            headers unit
libc++           clang-16,libc++-16-dev,libc++abi-16-dev    clang++-16                     20  -stdlib=libc++                          headers unit integration
libc++-c++23     clang-16,libc++-16-dev,libc++abi-16-dev    clang++-16                     23  -stdlib=libc++                          headers unit
no-exceptions    g++-12                                     g++-12                         20  -                                       no_exceptions
no-exceptions-16 clang-16                                   clang++-16                     20  -                                       no_exceptions
32-bit           g++-12-multilib                            g++-12                         20  -m32,-idirafter,$PWD/build/matrix/asm   headers protocol
32-bit-sse       g++-12-multilib                            g++-12                         20  -m32,-msse2,-mfpmath=sse,-idirafter,$PWD/build/matrix/asm unit
s390x            g++-s390x-linux-gnu,qemu-user              s390x-linux-gnu-g++            20  -                                       headers protocol
mingw            g++-mingw-w64-x86-64-posix,wine64,wine     x86_64-w64-mingw32-g++-posix   20  -                                       headers protocol transports
"

mode=all
wanted=()
for argument in "$@"; do
  if [ "$argument" = --quick ] || [ "$argument" = --packages ]; then
    mode=${argument#--}
  elif awk -v name="$argument" '$1 == name { found = 1 } END { exit !found }' <<<"$entries"; then
    wanted+=("$argument")
  else
    echo "matrix.sh: '$argument' is none of: --quick --packages $(awk '{ printf "%s ", $1 }' <<<"$entries")" >&2
    exit 2
  fi
done

# Headers that every compiler may see; never all of /usr/include, whose C library is this machine's.
link_libraries() {
  mkdir -p build/matrix/libraries build/matrix/asm
  ln -sfn /usr/include/asio.hpp /usr/include/asio /usr/include/doctest /usr/include/nlohmann build/matrix/libraries
  ln -sfn /usr/include/x86_64-linux-gnu/asm build/matrix/asm
}

# run NAME PROGRAM: with what runs programs of an entry; fifteen minutes at most
run() {
  case $1 in
    s390x) timeout 900 qemu-s390x -L /usr/s390x-linux-gnu "$2" ;;
    mingw) WINEDEBUG=-all WINEPREFIX=$PWD/build/matrix/wine timeout 900 wine "$2" ;;
    *) timeout 900 "$2" ;;
  esac
}

# can_build NAME COMPILER STANDARD FLAG...: that a program comes out, and runs
can_build() {
  local name=$1 compiler=$2 standard=$3 program=build/matrix/$1/hello.exe
  shift 3
  echo '#include <string>
int main() { return std::string{"hello"}.size() != 5; }' |
    "$compiler" "-std=c++${standard/23/2b}" "$@" -static -x c++ - -o "$program" && run "$name" "$program"
}

# count FILE: passed, skipped and failed of what doctest says about its cases
count() {
  local passed failed skipped
  read -r passed failed < <(tr -d '\r' <"$1" |
    sed -n 's/.*test cases: *[0-9]* | *\([0-9]*\) passed | *\([0-9]*\) failed.*/\1 \2/p') || return 1
  skipped=$(grep -c 'SKIPPED: ' "$1" || true)
  echo "$((passed - skipped)) passed, $skipped skipped, $failed failed"
}

# run_program NAME PROGRAM BUILD: what it says, as a few words
run_program() {
  local log=$3/$2.log program=$3/$2
  if [ "$2" = headers ]; then
    echo "$(cat "$3/headers.count") headers"
    return
  fi
  [ -e "$program" ] || program=$program.exe
  local status=0
  run "$1" "$program" >"$log" 2>&1 || status=$?
  echo "$2: $(count "$log" || echo "exit status $status")"
  return "$status"
}

# try_entry NAME PACKAGES COMPILER STANDARD FLAGS PROGRAMS: one row of the table
try_entry() {
  local name=$1 packages=$2 compiler=$3 standard=$4 flags=() programs=$6 build=build/matrix/$1
  [ "$5" = - ] || IFS=, read -ra flags <<<"$5"
  [ "$mode" = all ] || [ "$programs" = no_exceptions ] || programs='headers protocol'
  mkdir -p "$build"
  if ! can_build "$name" "$compiler" "$standard" "${flags[@]}" >"$build/hello.log" 2>&1; then
    echo "| $name | | | SKIPPED: cannot build and run a program; apt-get install ${packages//,/ } |"
    return
  fi
  local options=(-G 'Unix Makefiles' -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_STANDARD="$standard"
    -DCMAKE_CXX_FLAGS="${flags[*]}" -DSTATWIRE_LIBRARIES="$PWD/build/matrix/libraries")
  [ "$name" != mingw ] || options+=(-DCMAKE_SYSTEM_NAME=Windows)
  cmake -S tests/portable -B "$build" "${options[@]}" >"$build/configure.log" 2>&1 || return 1

  local results=() program result failed=no
  for program in $programs; do
    if ! cmake --build "$build" --target "$program" -j "${JOBS:-$(nproc)}" -- -k >"$build/$program.build.log" 2>&1; then
      result="$program: does not compile"
      failed=yes
    else
      result=$(run_program "$name" "$program" "$build") || failed=yes
    fi
    results+=("$result")
  done
  local joined
  joined=$(printf '%s; ' "${results[@]}")
  echo "| $name | $("$compiler" -dumpfullversion 2>/dev/null || "$compiler" -dumpversion) | C++$standard | ${joined%; } |"
  [ "$failed" = no ]
}

# The entries that are wanted, one a line.
wanted_entries() {
  awk -v wanted=" ${wanted[*]} " 'NF && (wanted == "  " || index(wanted, " " $1 " "))' <<<"$entries"
}

if [ "$mode" = packages ]; then
  wanted_entries | awk '{ print $2 }' | tr , '\n' | sort -u
  exit
fi

link_libraries
bad=()
echo '| Entry | Compiler | Standard | Result |'
echo '|---|---|---|---|'
while read -r name packages compiler standard flags programs; do
  try_entry "$name" "$packages" "$compiler" "$standard" "$flags" "$programs" </dev/null || bad+=("$name")
done < <(wanted_entries)
if [ ${#bad[@]} != 0 ]; then
  echo "matrix.sh: failed: ${bad[*]}; see the logs in build/matrix" >&2
  exit 1
fi
