#!/usr/bin/env bash
# Installs what is missing to build and test statwire, and nothing else; quiet when nothing is.
#
#   ./scripts/setup.sh                               what the tests need
#   ./scripts/setup.sh GOAL                          what another script needs: demo, web, store and mesos (those of
#                                                    demo.sh), test, sanitizers, bench, docs
#   ./scripts/setup.sh --counterparts                also the real servers that tests run against when there
set -euo pipefail
script=$(realpath "$0")
cd "$(dirname "$script")/.."
counterparts=build/counterparts  # where npm's packages go: nothing of theirs touches the system

usage() {
  sed -n '2,7s/^# \{0,1\}//p' "$script" >&2
  exit 2
}

goal=test
with_counterparts=no
for argument in "$@"; do
  case $argument in
    demo | web | store | mesos | test | sanitizers | bench | docs) goal=$argument ;;
    --counterparts) with_counterparts=yes ;;
    *)
      echo "setup.sh: '$argument' is none of: demo, web, store, mesos, test, sanitizers, bench, docs, --counterparts" >&2
      usage
      ;;
  esac
done

has_command() { command -v "$1" >/dev/null; }
has_daemon() { PATH=$PATH:/usr/sbin has_command "$1"; }  # Debian keeps them out of the PATH of users
has_header() { printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" | g++ -std=c++20 -fsyntax-only -x c++ - 2>/dev/null; }
has_any_header() { for header in "$@"; do has_header "$header" && return; done; return 1; }
has_rabbitmq() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; }
has_whisper() { /usr/bin/python3 -c 'import whisper' 2>/dev/null; }  # Debian's modules are Debian's Python's
has_prometheus_client() { /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; }
has_statsd_client() {  # of one language, as Debian's interpreter has them
  case $1 in
    python) /usr/bin/python3 -c 'import statsd' ;;
    perl) /usr/bin/perl -e 'use Net::Statsd' ;;
    ruby) /usr/bin/ruby -e 'require "statsd"' ;;
  esac 2>/dev/null
}
has_sanitizers() { echo 'int main() {}' | clang++ -fsanitize=address -x c++ -o /dev/null - 2>/dev/null; }

# Each need: Debian's package, and how to see that what it brings is there, from wherever it came.
need() {
  local package=$1
  shift
  "$@" || missing+=("$package")
}

find_missing() {
  missing=()
  if [ "$goal" = docs ]; then  # reads the headers, and compiles nothing
    need doxygen has_command doxygen
    return
  fi
  need g++ has_command g++
  need make has_command make
  if [ "$goal" = sanitizers ]; then
    need ninja-build has_command ninja
  fi
  need cmake has_command cmake
  need libasio-dev has_header asio.hpp
  if [ "$goal" != bench ]; then
    need libcli11-dev has_header CLI/CLI.hpp
    need libtomlplusplus-dev has_header toml++/toml.h
  fi
  if [ "$goal" != demo ]; then
    need pkg-config has_command pkg-config
  fi
  if [ "$goal" != demo ] && [ "$goal" != bench ]; then
    need libcpp-httplib-dev has_header httplib.h
    need nlohmann-json3-dev has_header nlohmann/json.hpp
  fi
  if [ "$goal" = store ] || [ "$goal" = test ] || [ "$goal" = sanitizers ]; then
    need librdkafka-dev has_header librdkafka/rdkafka_mock.h
  fi
  if [ "$goal" != demo ] && [ "$goal" != web ] && [ "$goal" != mesos ]; then
    need libavro-dev has_header avro.h
  fi
  if [ "$goal" = mesos ] || [ "$goal" = test ] || [ "$goal" = sanitizers ]; then
    need librabbitmq-dev has_header amqp_tcp_socket.h
    need libhiredis-dev has_header hiredis/hiredis.h
    need libgmp-dev has_header gmpxx.h
  fi
  if [ "$goal" = mesos ] || [ "$with_counterparts" = yes ]; then
    need rabbitmq-server has_rabbitmq
    need redis-server has_daemon redis-server
  fi
  if [ "$goal" = mesos ]; then
    need amqp-tools has_command amqp-get
  fi
  if [ "$goal" = test ] || [ "$goal" = sanitizers ]; then
    need doctest-dev has_header doctest/doctest.h
    need libgtest-dev has_header gtest/gtest.h
  fi
  if [ "$goal" = sanitizers ]; then
    need clang has_command clang++
    need libclang-rt-dev has_sanitizers
    need clang-format has_command clang-format
    need clang-tidy has_command clang-tidy
  fi
  if [ "$goal" = web ]; then
    need curl has_command curl
  elif [ "$goal" != demo ] && [ "$goal" != store ] && [ "$goal" != mesos ]; then
    need libsqlite3-dev has_header sqlite3.h
    need catch2 has_any_header catch2/catch_all.hpp catch2/catch.hpp
  fi
  if [ "$with_counterparts" = yes ]; then
    need nodejs has_command node
    need npm has_command npm
    need collectd-core has_daemon collectd
    need netdata-core has_daemon netdata
    need graphite-carbon has_daemon carbon-cache
    need python3-whisper has_whisper
    need victoria-metrics has_daemon victoria-metrics
    need nginx-light has_daemon nginx
    need prometheus has_command promtool
    need python3-prometheus-client has_prometheus_client
    need chromium has_command chromium
    need python3-statsd has_statsd_client python
    need libnet-statsd-perl has_statsd_client perl
    need ruby-statsd has_statsd_client ruby
  fi
}

# install_packages PACKAGE...; a subshell, so that its files go with it
install_packages() (
  as_root=()
  if ! has_command apt-get; then
    echo "setup.sh: no apt-get here; please install by hand (Debian's names): $*" >&2
    exit 1
  fi
  if [ "$(id -u)" != 0 ]; then
    has_command sudo || {
      echo "setup.sh: not root and no sudo; please run: apt-get install $*" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  echo "setup.sh: installing $*"
  policy=/usr/sbin/policy-rc.d
  log=$(mktemp)
  trap "rm -f '$log'" EXIT
  if { [ "$with_counterparts" = yes ] || [ "$goal" = mesos ]; } && [ ! -e "$policy" ]; then
    # The tests and the demo start the daemons for themselves: while this file is there, the packages start none.
    trap "rm -f '$log'; ${as_root[*]} rm -f '$policy'" EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
  fi
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "$@" </dev/null; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    echo "setup.sh: apt-get could not install: $*" >&2
    exit 1
  fi
  for daemon in collectd-core=collectd netdata-core=netdata graphite-carbon=carbon-cache \
    victoria-metrics=victoria-metrics nginx-light=nginx prometheus=prometheus \
    rabbitmq-server=rabbitmq-server redis-server=redis-server; do  # nor does a new one start with the system
    [[ " $* " != *" ${daemon%=*} "* ]] || "${as_root[@]}" update-rc.d "${daemon#*=}" disable >/dev/null
  done
)

find_missing
if [ ${#missing[@]} != 0 ]; then
  install_packages "${missing[@]}"
  find_missing
  if [ ${#missing[@]} != 0 ]; then
    echo "setup.sh: installed, but still not found: ${missing[*]}" >&2
    exit 1
  fi
fi

# Apart from the rest, for not every release has it, and demo.sh web does without.
if [ "$goal" = web ] && ! has_command wrk; then
  install_packages wrk || echo "setup.sh: going on without wrk" >&2
fi

has_modules() {
  [ -f "$counterparts/node_modules/statsd/stats.js" ] && [ -f "$counterparts/node_modules/hot-shots/package.json" ]
}
if [ "$with_counterparts" = yes ] && ! has_modules; then
  echo "setup.sh: installing statsd and hot-shots (npm) in $counterparts"
  mkdir -p "$counterparts"
  npm install --prefix "$counterparts" --ignore-scripts --no-audit --no-fund --loglevel=error \
    statsd@0.9.0 hot-shots@17.1.1 >/dev/null
fi
