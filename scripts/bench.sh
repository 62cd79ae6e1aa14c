#!/usr/bin/env bash
# Installs what is missing, builds and runs the benchmarks: each figure beside its floor, and their ratio. Arguments go
# to Catch2: a test name, --benchmark-samples 20, ...
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

./scripts/setup.sh bench
echo "bench.sh: building"
build bench
exec build/bench/bench/statwire_bench "$@"
