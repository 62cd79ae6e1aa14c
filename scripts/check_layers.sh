#!/usr/bin/env bash
# Reads who includes whom under include/statwire and fails on an include that the layers forbid, on a cycle, and on Asio,
# cpp-httplib or nlohmann-json anywhere but in the one file of each: detail/{asio,httplib,json}.hpp.
#
#   ./scripts/check_layers.sh [DIRECTORY]    default: this project's include directory
#
# The layers, lowest first; each may include itself and those in its list:
#   base       error.hpp version.hpp detail/    (detail/{asio,blocking_receive,error_of,poll,resolve}.hpp: sockets)
#   protocol   protocol/                        base
#   concepts   transport/{backoff,concepts,null}.hpp  base
#   transport  other transport/                 base, sockets, protocol, concepts
#   machinery  client/ aggregate/               base, protocol, concepts
#   feature    other *.hpp                      all of these
#   server     other server/                    all of these
#   testing    testing/                         all of these, but not server
#
# Beside them stands what needs the target statwire::http, so that nobody else comes to need it:
#   libraries  detail/{httplib,json}.hpp        base
#   http       http/ contexts.hpp instrumented_server.hpp server/contexts_*.hpp  all of these, but not testing
#
# A file impl/NAME.ipp (see detail/config.hpp) belongs to the layer of the NAME.hpp beside its folder, and one with it to
# cycles. src.hpp, which nobody includes, includes any of them but http and testing.
set -euo pipefail
cd "${1:-"$(dirname "$0")/../include"}"

find statwire -name '*.[hi]pp' | sort | xargs awk '
  function layer(file) {
    sub(/impl\//, "", file)
    sub(/\.ipp$/, ".hpp", file)
    if (file == "statwire/src.hpp") return "source"
    if (file ~ /^statwire\/detail\/(asio|resolve|poll|blocking_receive|error_of)\.hpp$/) return "sockets"
    if (file ~ /^statwire\/detail\/(httplib|json)\.hpp$/) return "libraries"
    if (file ~ /^statwire\/(http\/.*|contexts|instrumented_server|server\/contexts_[^\/]*)(\.hpp)?$/) return "http"
    if (file ~ /^statwire\/detail\//) return "base"
    if (file ~ /^statwire\/(error|version)\.hpp$/) return "base"
    if (file ~ /^statwire\/protocol\//) return "protocol"
    if (file ~ /^statwire\/transport\/(backoff|concepts|null)\.hpp$/) return "concepts"
    if (file ~ /^statwire\/transport\//) return "transport"
    if (file ~ /^statwire\/(client|aggregate)\//) return "machinery"
    if (file ~ /^statwire\/server\//) return "server"
    if (file ~ /^statwire\/testing\//) return "testing"
    if (file ~ /^statwire\/[^\/]*\.hpp$/) return "feature"
    return "unknown"
  }
  function complain(text) { print FILENAME ":" FNR ": " text; bad = 1 }
  BEGIN {
    allowed["base"] = " base "
    allowed["sockets"] = " base sockets "
    allowed["protocol"] = " base protocol "
    allowed["concepts"] = " base concepts "
    allowed["transport"] = " base sockets protocol concepts transport "
    allowed["machinery"] = " base protocol concepts machinery "
    allowed["feature"] = " base sockets protocol concepts transport machinery feature "
    allowed["server"] = allowed["feature"] "server "
    allowed["source"] = allowed["server"]
    allowed["libraries"] = " base libraries "
    allowed["http"] = allowed["server"] "libraries http "
    allowed["testing"] = allowed["feature"] "testing "
  }
  FNR == 1 && layer(FILENAME) == "unknown" { complain("a file outside the layers") }
  { sub(/^[ \t]*#[ \t]*include[ \t]*/, "#include ") }
  /^#include "[^"]*"/ && !/^#include "statwire\// { complain("an include that does not begin with statwire/") }
  /^#include [<"]asio/ && FILENAME != "statwire/detail/asio.hpp" { complain("Asio is included by detail/asio.hpp alone") }
  /^#include [<"]httplib/ && FILENAME != "statwire/detail/httplib.hpp" {
    complain("cpp-httplib is included by detail/httplib.hpp alone")
  }
  /^#include [<"]nlohmann/ && FILENAME != "statwire/detail/json.hpp" {
    complain("nlohmann-json is included by detail/json.hpp alone")
  }
  /^#include [<"]statwire\// {
    target = $2
    gsub(/[<>"]/, "", target)
    if (index(allowed[layer(FILENAME)], " " layer(target) " ") == 0)
      complain(layer(FILENAME) " may not include " target " (" layer(target) ")")
    if ((getline line < target) < 0) complain("no such file: " target)
    close(target)
  }
  END { exit bad }'

# An impl/NAME.ipp and its NAME.hpp include each other, and count as one.
cycles=$(find statwire -name '*.[hi]pp' -exec awk '
  function whole(file) {
    sub(/impl\//, "", file)
    sub(/\.ipp$/, ".hpp", file)
    return file
  }
  /^#include [<"]statwire\// {
    gsub(/[<>"]/, "", $2)
    if (whole($2) != whole(FILENAME)) print whole(FILENAME), whole($2)
  }' {} + |
  tsort 2>&1 >/dev/null) || {
  echo "a cycle of includes:" "$cycles"
  exit 1
}
