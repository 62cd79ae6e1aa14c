#!/usr/bin/env bash
# check_layers.sh must find what it looks for: each forbidden include is planted in a copy of the headers.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

expect_refusal() {  # FILE LINE WORDS: the line is added to the file, and the complaint holds the words
  rm -rf "$copy/statwire"
  cp -r "$root/include/statwire" "$copy/"
  echo "$2" >>"$copy/statwire/$1"
  if complaint=$("$root/scripts/check_layers.sh" "$copy"); then
    echo "not refused: $2 in $1"
    exit 1
  fi
  case $complaint in
    *"$3"*) ;;
    *)
      echo "refused $2 in $1, but said: $complaint"
      exit 1
      ;;
  esac
}

expect_refusal protocol/number.hpp '#include "statwire/detail/asio.hpp"' 'protocol may not include'
expect_refusal protocol/number.hpp '#include <asio/post.hpp>' 'Asio is included by detail/asio.hpp alone'
expect_refusal protocol/number.hpp '  #  include "statwire/detail/asio.hpp"' 'protocol may not include'
expect_refusal error.hpp '#include "../server/service.hpp"' 'does not begin with statwire/'
expect_refusal client/outbox.hpp '#include "statwire/transport/udp.hpp"' 'machinery may not include'
expect_refusal statsd.hpp '#include "statwire/server/statsd_server.hpp"' 'feature may not include'
expect_refusal testing/manual_clock.hpp '#include "statwire/server/memory_store.hpp"' 'testing may not include'
expect_refusal error.hpp '#include "statwire/no_such_file.hpp"' 'no such file'
expect_refusal protocol/text.hpp '#include "statwire/protocol/metrics_reply.hpp"' 'a cycle of includes'
expect_refusal version.hpp '#include "statwire/statsd.hpp"' 'base may not include'
expect_refusal statsd.hpp '#include "statwire/detail/json.hpp"' 'feature may not include'
expect_refusal server/metrics_server.hpp '#include "statwire/contexts.hpp"' 'server may not include'
expect_refusal http/http_post.hpp '#include <httplib.h>' 'included by detail/httplib.hpp alone'
expect_refusal transport/impl/udp.ipp '#include "statwire/server/service.hpp"' 'transport may not include'
expect_refusal detail/impl/error_of.ipp '#include "statwire/transport/udp.hpp"' 'sockets may not include'
expect_refusal transport/impl/udp.ipp '#include "statwire/transport/endpoint.hpp"' 'a cycle of includes'
expect_refusal statsd.hpp '#include "statwire/src.hpp"' 'feature may not include'
