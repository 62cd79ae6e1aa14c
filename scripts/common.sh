# Sourced by the other scripts.

# Ninja, where it is, keeps all cores busy; a folder that is configured already keeps what it has.
if [ -z "${CMAKE_GENERATOR:-}" ] && command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi

# Configures and builds a preset, quietly unless it fails: build PRESET [TARGET...]
build() {
  local preset=$1 log=build/$1.log
  shift
  mkdir -p build
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" --parallel "$(nproc)" ${1:+--target "$@"}; } \
    >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "building $preset failed; all of it is in $log" >&2
    return 1
  fi
}
