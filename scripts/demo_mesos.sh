#!/usr/bin/env bash
# Installs what is missing, builds examples/mesos_collector and runs two rounds of it over a simulated Mesos cluster, with a
# Redis and a RabbitMQ of its own on free ports of loopback: the first round takes samples, the second makes a document of each
# task. Prints a table of tasks by CPU and memory, and what is in the queue. Everything is ended again.
#
#   ./scripts/demo.sh mesos [FLAG ...]    for mesos_collector, which --help lists; --rounds 5 shows three more tables
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

./scripts/setup.sh mesos
[ -x build/release/examples/mesos_collector ] || echo "demo.sh mesos: building mesos_collector; two minutes, this once"
build release mesos_collector mesos_simulator

scratch=$(mktemp -d)
children=()
end() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait
  rm -rf "$scratch"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)) && listens "$port"; do :; done  # below those that the system gives out
  echo "$port"
}
# wait_for NAME LOG CONDITION...: a minute at most
wait_for() {
  local name=$1 log=$2 left=600
  shift 2
  until "$@"; do
    if [ $((left -= 1)) = 0 ]; then
      tail -n 20 "$log" >&2
      echo "demo.sh mesos: $name did not start" >&2
      exit 1
    fi
    sleep 0.1
  done
}

redis=$(free_port)
PATH=$PATH:/usr/sbin redis-server --bind 127.0.0.1 --port "$redis" --dir "$scratch" --save '' --appendonly no \
  >"$scratch/redis.log" 2>&1 &
children+=($!)

rabbitmq=$(free_port) epmd=$(free_port)
printf '%s\n' "listeners.tcp.1 = 127.0.0.1:$rabbitmq" 'num_acceptors.tcp = 1' 'log.file = false' 'log.console = true' \
  'log.console.level = warning' 'disk_free_limit.absolute = 50MB' >"$scratch/rabbitmq.conf"
echo '[].' >"$scratch/enabled_plugins"
export HOME=$scratch ERL_EPMD_PORT=$epmd ERL_EPMD_ADDRESS=127.0.0.1
epmd -address 127.0.0.1 -port "$epmd" >"$scratch/epmd.log" 2>&1 &  # else the broker starts one that stays
children+=($!)
env RABBITMQ_NODENAME=demo@localhost RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_DIST_PORT="$(free_port)" \
  RABBITMQ_CONFIG_FILE="$scratch/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$scratch/advanced.config" \
  RABBITMQ_MNESIA_BASE="$scratch/mnesia" RABBITMQ_LOG_BASE="$scratch/log" RABBITMQ_PID_FILE="$scratch/pid" \
  RABBITMQ_ENABLED_PLUGINS_FILE="$scratch/enabled_plugins" RABBITMQ_GENERATED_CONFIG_DIR="$scratch/config" \
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none' \
  /usr/lib/rabbitmq/bin/rabbitmq-server >"$scratch/rabbitmq.log" 2>&1 &
children=($! "${children[@]}")  # the first to end, for it talks to the others

build/release/examples/mesos_simulator --masters 2 --agents 5 --tasks 6 --port 0 >"$scratch/simulator.log" 2>&1 &
children+=($!)

echo "demo.sh mesos: starting Redis, RabbitMQ and a cluster of 5 agents; ten seconds"
wait_for Redis "$scratch/redis.log" listens "$redis"
wait_for mesos_simulator "$scratch/simulator.log" grep -q agents "$scratch/simulator.log"
wait_for RabbitMQ "$scratch/rabbitmq.log" listens "$rabbitmq"
url=amqp://guest:guest@127.0.0.1:$rabbitmq/%2f
amqp-declare-queue --url="$url" --queue=asgard.stats >/dev/null

mapfile -t masters < <(sed -n 's/.* master //p' "$scratch/simulator.log")
export HOLLOWMAN_MESOS_ADDRESS_0=${masters[1]} HOLLOWMAN_MESOS_ADDRESS_1=${masters[0]}  # the one that does not lead comes first
export STATS_COLLECTOR_REDIS_URL=redis://127.0.0.1:$redis/0
export STATS_COLLECTOR_RABBITMQ_HOST=127.0.0.1:$rabbitmq STATS_COLLECTOR_RABBITMQ_VHOST=/
export STATS_COLLECTOR_RABBITMQ_USER=guest STATS_COLLECTOR_RABBITMQ_PWD=guest STATS_COLLECTOR_RABBITMQ_RK=asgard.stats
build/release/examples/mesos_collector --every 3s --rounds 2 --table 15 "$@"

count=0
while document=$(amqp-get --url="$url" --queue=asgard.stats 2>/dev/null); do
  count=$((count + 1)) last=$document
done
echo "$count documents were in the queue asgard.stats${last:+; the last of them:}"
if [ "$count" != 0 ]; then echo "$last"; fi
