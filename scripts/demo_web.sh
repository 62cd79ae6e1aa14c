#!/usr/bin/env bash
# Installs what is missing, builds examples/web_app, starts it on a free port, loads it with requests of all kinds, ends it,
# and shows what its metrics say. Ctrl-C ends it early. The variables that web_app reads are passed on: METRICS_HOST, ...
#
#   ./scripts/demo.sh web [--for DURATION]    10s unless given; a whole number with s, m or h, up to 8759h
set -euo pipefail
script=$(realpath "$0")
cd "$(dirname "$script")/.."
. scripts/common.sh

usage() { sed -n '2,5s/^# \{0,1\}//p' "$script"; }

fail_usage() {
  echo "demo.sh web: $1" >&2
  exit 2
}

duration=10s
spare=60                          # seconds: the load has to end before its server does
longest=$((8760 * 3600 - spare))  # web_app itself runs for 8760h at most
while [ $# -gt 0 ]; do
  case $1 in
    --for) duration=${2:-} && shift $(($# > 1 ? 2 : 1)) ;;
    --for=*) duration=${1#*=} && shift ;;
    --help | -h) usage && exit ;;
    *) fail_usage "unknown argument '$1'; the flags are --for and --help" ;;
  esac
done
fail_duration() {
  local range="from 1s to ${longest}s ($((longest / 3600))h)"
  fail_usage "--for is '$duration'; write a whole number with s, m or h $range, such as 10s or 2m"
}
[[ $duration =~ ^([1-9][0-9]{0,8})(s|m|h)$ ]] || fail_duration
case ${BASH_REMATCH[2]} in
  s) seconds=${BASH_REMATCH[1]} ;;
  m) seconds=$((BASH_REMATCH[1] * 60)) ;;
  h) seconds=$((BASH_REMATCH[1] * 3600)) ;;
esac
[ "$seconds" -le $longest ] || fail_duration

app='' load='' load_signal=''
end_children() {
  local pid
  for pid in $load $app; do kill "$pid" 2>/dev/null || true; done
}

# Where there is no wrk: a few clients that ask one after the other.
load_with_curl() {
  local url=$1 client clients=()
  trap 'kill "${clients[@]}" 2>/dev/null || true; exit' TERM
  for client in 1 2 3 4; do
    ask_with_curl "$url" "user_$client" &
    clients+=($!)
  done
  wait
}

ask_with_curl() {
  local url=$1 user=$2 session
  local end=$((${EPOCHREALTIME//[^0-9]/} + seconds * 1000000))
  while [ "${EPOCHREALTIME//[^0-9]/}" -lt $end ]; do
    session=$(curl -sS -i -d "user=$user" "$url/login" | sed -n 's/^Set-Cookie: \(session=[0-9a-f]*\).*/\1/p')
    curl -sS "$url/desktop" "$url/orders/[1-20]" "$url/desktop" "$url/report" "$url/broken" >/dev/null
    curl -sS -H "Cookie: $session" -d '' "$url/logout" >/dev/null
  done
}

./scripts/setup.sh web || echo "demo.sh web: going on with what is here" >&2
[ -x build/release/examples/web_app ] || echo "demo.sh web: building web_app; a minute, this once"
build release web_app

trap end_children EXIT
is_interrupted=''
trap 'is_interrupted=yes; kill -"$load_signal" $load 2>/dev/null || true' INT TERM

# Ctrl-C is for the load, which would else miss its server. It ends by itself, later, should this script be killed.
exec {output}< <(trap '' INT && exec build/release/examples/web_app --listen 127.0.0.1:0 --for $((seconds + spare))s)
app=$!
url=''
while [ -z "$url" ] && read -r line <&$output; do
  echo "$line"
  [[ ! $line =~ listening\ on\ (http://[^ ;]*) ]] || url=${BASH_REMATCH[1]}
done
if [ -z "$url" ]; then  # it has said why
  wait $app && status=0 || status=$?
  app=''
  exit "$status"
fi

if [ -z "$is_interrupted" ]; then
  echo
  echo "demo.sh web: $duration of requests, a few of which fail on purpose; Ctrl-C ends them"
  if command -v wrk >/dev/null; then
    load_signal=INT
    wrk --threads 2 --connections 16 --duration "$duration" --script examples/web_app/load.lua "$url" &
  else
    echo "demo.sh web: no wrk, so curl asks, which is slow"
    load_signal=TERM
    load_with_curl "$url" &
  fi
  load=$!
  while kill -0 $load 2>/dev/null; do wait $load || true; done
  load=''
  echo
fi
kill -TERM $app
cat <&$output
wait $app && status=0 || status=$?
app=''
exit "$status"
