#!/usr/bin/env bash
# Installs what is missing, builds and runs examples/host_monitor: this machine measured with statwire. Every flag is
# passed on; try --help.
#
#   ./scripts/demo.sh web      another: a web application that measures its requests; see scripts/demo_web.sh
#   ./scripts/demo.sh store    a third: an online store on Kafka and Prometheus; see scripts/demo_store.sh
#   ./scripts/demo.sh mesos    a fourth: CPU and memory of a Mesos cluster's tasks; see scripts/demo_mesos.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

case ${1:-} in
  web | store | mesos)
    name=$1
    shift
    exec "./scripts/demo_$name.sh" "$@"
    ;;
esac

./scripts/setup.sh demo
[ -x build/release/examples/host_monitor ] || echo "demo.sh: building host_monitor; half a minute, this once"
build release host_monitor
exec build/release/examples/host_monitor "$@"
