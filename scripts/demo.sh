#!/usr/bin/env bash
# Installs what is missing, builds and runs examples/host_monitor: this machine measured with statwire. Every flag is
# passed on; try --help.
#
#   ./scripts/demo.sh web    another: a web application that measures its requests; see scripts/demo_web.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

if [ "${1:-}" = web ]; then
  shift
  exec ./scripts/demo_web.sh "$@"
fi

./scripts/setup.sh demo
[ -x build/release/examples/host_monitor ] || echo "demo.sh: building host_monitor; half a minute, this once"
build release host_monitor
exec build/release/examples/host_monitor "$@"
