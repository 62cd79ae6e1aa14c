#!/usr/bin/env bash
# Installs what is missing, builds examples/online_store and runs it: a Kafka cluster and a shop within the program, a day of
# the shop in a minute, its figures line by line here and as charts at http://127.0.0.1:5002/. Ctrl-C ends it.
#
#   ./scripts/demo.sh store [FLAG ...]    for online_store, which --help lists; --for 1m ends it by itself
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

./scripts/setup.sh store
[ -x build/release/examples/online_store ] || echo "demo.sh store: building online_store; two minutes, this once"
build release online_store
exec build/release/examples/online_store --eager "$@"
