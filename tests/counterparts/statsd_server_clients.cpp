// Clients of other languages send to StatsdServer, and it has the numbers that they were given.

#include "statwire/server/statsd_server.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/scratch_directory.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;
using server::StatsdServer;
using Members = std::set<std::string, std::less<>>;

/// Whether a client has to be done without: the shell command only loads it.
bool cannot_load(const std::string& client, const std::string& command) {
  ChildProcess loading{{"sh", "-c", command}};
  if (loading.wait() == 0) return false;
  MESSAGE("SKIPPED: " << client << " is not installed; ./scripts/setup.sh --counterparts installs it");
  return true;
}

/// A server that shows everything since its start.
class Listening {
 public:
  explicit Listening(server::Senders senders = server::Senders::statsd)
      : server_{{.flush = Flush::manual, .aggregation = {.senders = senders}, .tcp_port = 0}} {
    server_.start();
  }

  std::string port() const { return std::to_string(server_.port()); }
  std::string tcp_port() const { return std::to_string(server_.tcp_port()); }

  /// Runs a client to its end; returns what came up to the gauge `app.end`, which each sends last.
  server::SeriesSnapshot run(const std::vector<std::string>& command) const {
    ChildProcess client{command};
    const int status = client.wait();
    REQUIRE_MESSAGE(status == 0, client.output());
    wait_until("the end of what the client sent",
               [&] { return server_.snapshot().gauges.contains("app.end"); });
    CHECK(server_.stats().bad_values == 0);
    CHECK(server_.stats().lost_datagrams == 0);
    return server_.snapshot();
  }

  server::StatsdServerStats stats() const { return server_.stats(); }

 private:
  StatsdServer server_;
};

/// What every script sends, but for what its client has no call for.
void check_common(const server::SeriesSnapshot& seen) {
  CHECK(seen.counters.at("app.hits") == 3);
  CHECK(seen.counters.at("app.many") == 1000);
  CHECK(seen.counters.at("app.down") == -1);
  CHECK(seen.gauges.at("app.load") == 42.5);
  CHECK(seen.timers.at("app.latency").count == 2);
  CHECK(seen.timers.at("app.latency").values == std::vector<double>{250, 320});
}

// In each, `hits` is 1 + 4 - 2, and `many` a thousand ones. The arguments are the way, where there are
// several, and the port.
constexpr const char* python_script = R"(
import sys, statsd
way, port = sys.argv[1], int(sys.argv[2])
if way == 'tcp':
    c = statsd.TCPStatsClient(host='127.0.0.1', port=port, prefix='app', timeout=20)
else:
    c = statsd.StatsClient(host='127.0.0.1', port=port, prefix='app')
c.incr('hits')
c.incr('hits', 4, rate=1)
c.decr('hits', 2)
c.decr('down')
c.incr('parts', 0.75)
c.incr('parts', 1.5)
with c.pipeline() as pipe:
    for _ in range(1000):
        pipe.incr('many')
c.gauge('load', 42.5)
c.gauge('depth', 10)
c.gauge('depth', 5, delta=True)
c.gauge('depth', -7, delta=True)
c.gauge('below', 3)
c.gauge('below', -5.5)
c.timing('latency', 250)
c.timing('latency', 320)
c.timing('brief', 0.25)
with c.timer('block'):
    pass
c.set('users', 'alice')
c.set('users', 'bob')
c.set('users', 'alice')
c.set('users', 17)
c.gauge('end', 1)
c.close() if way == 'tcp' else None
)";

constexpr const char* node_script = R"(
const StatsD = require(process.argv[4]);
const c = new StatsD({host: '127.0.0.1', port: Number(process.argv[3]), protocol: process.argv[2],
                      prefix: 'app.', errorHandler: (error) => { throw error; },
                      maxBufferSize: 1000, bufferFlushInterval: 10});
c.increment('hits');
c.increment('hits', 4, 1);
c.decrement('hits', 2);
c.decrement('down');
c.increment('parts', 0.75);
c.increment('parts', 1.5);
for (let i = 0; i < 1000; ++i) c.increment('many');
c.gauge('load', 42.5);
c.gauge('depth', 10);
c.gaugeDelta('depth', 5);
c.gaugeDelta('depth', -7);
c.timing('latency', 250);
c.timing('latency', 320);
c.timing('brief', 0.25);
c.set('users', 'alice');
c.set(['users'], 'z\u00f6g');
c.unique('users', 'alice');
c.increment('tagged', 2, {route: 'a', code: '200'});
c.histogram('sizes', 12);
c.distribution('sizes', 8);
c.gauge('end', 1);
c.close((error) => { if (error) throw error; });
)";

constexpr const char* perl_script = R"(
use strict;
use warnings FATAL => 'all';
use Net::Statsd;
$Net::Statsd::HOST = '127.0.0.1';
$Net::Statsd::PORT = $ARGV[0];
Net::Statsd::increment('app.hits');
Net::Statsd::update_stats('app.hits', 4, 1);
Net::Statsd::update_stats(['app.hits', 'app.other'], -2);
Net::Statsd::decrement('app.down');
Net::Statsd::update_stats('app.parts', 0.75);
Net::Statsd::update_stats('app.parts', 1.5);
Net::Statsd::increment('app.many') for 1 .. 1000;
Net::Statsd::gauge('app.load' => 42.5, 'app.depth' => 10);
Net::Statsd::gauge('app.depth' => '-7');
Net::Statsd::timing('app.latency', 250);
Net::Statsd::timing('app.latency', 320, 1);
Net::Statsd::gauge('app.end' => 1);
)";

constexpr const char* ruby_script = R"(
require 'statsd'
c = Statsd.new('127.0.0.1', Integer(ARGV[0]))
c.namespace = 'app'
c.increment 'hits'
c.count 'hits', 4, 1
c.count 'hits', -2
c.decrement 'down'
c.count 'parts', 0.75
c.count 'parts', 1.5
batch = Statsd::Batch.new(c)
1000.times { batch.increment 'many' }
batch.flush
c.gauge 'load', 42.5
c.gauge 'depth', 10
c.gauge 'depth', '+5'
c.gauge 'depth', -7
c.timing 'latency', 250
c.timing 'latency', 320
c.time('block') { nil }
c.set 'users', 'alice'
c.set 'users', 'bob'
c.set 'users', 'alice'
c.gauge 'end', 1
)";

constexpr const char* debian_python = "/usr/bin/python3";
constexpr const char* debian_ruby = "/usr/bin/ruby";
constexpr const char* debian_perl = "/usr/bin/perl";

}  // namespace

TEST_CASE("statsd server: it has what Python's statsd was given, over UDP and TCP") {
  if (cannot_load("python3-statsd", "/usr/bin/python3 -c 'import statsd'")) return;
  for (const std::string way : {"udp", "tcp"}) {
    CAPTURE(way);
    const Listening server;
    const auto seen = server.run(
        {debian_python, "-c", python_script, way, way == "tcp" ? server.tcp_port() : server.port()});
    check_common(seen);
    CHECK(seen.counters.at("app.parts") == 2.25);
    CHECK(seen.gauges.at("app.depth") == 8);
    CHECK(seen.gauges.at("app.below") == -5.5);  // the client sends a zero before it
    CHECK(seen.timers.at("app.brief").values == std::vector<double>{0.25});
    CHECK(seen.timers.at("app.block").count == 1);
    CHECK(seen.sets.at("app.users") == Members{"17", "alice", "bob"});
    CHECK(server.stats().half_lines == 0);
  }
}

TEST_CASE("statsd server: it has what hot-shots of Node.js was given, over UDP and TCP") {
  const std::string module = STATWIRE_COUNTERPARTS "/node_modules/hot-shots";
  if (is_missing("hot-shots", module)) return;
  const ScratchDirectory scratch;
  const std::string script = scratch.write("client.js", node_script);
  for (const std::string way : {"udp", "tcp"}) {
    for (const auto senders : {server::Senders::statsd, server::Senders::dogstatsd}) {
      CAPTURE(way);
      const Listening server{senders};
      const auto seen =
          server.run({"node", script, way, way == "tcp" ? server.tcp_port() : server.port(), module});
      check_common(seen);
      CHECK(seen.counters.at("app.parts") == 2.25);
      CHECK(seen.gauges.at("app.depth") == 8);
      CHECK(seen.timers.at("app.brief").values == std::vector<double>{0.25});
      // Over TCP the client itself writes each letter as one byte.
      CHECK(seen.sets.at("app.users") == Members{"alice", way == "udp" ? "z\xc3\xb6g" : "z\xf6g"});
      CHECK(seen.counters.at("app.tagged;route=a;code=200") == 2);
      if (senders == server::Senders::dogstatsd) {
        CHECK(seen.timers.at("app.sizes").values == std::vector<double>{12, 8});
      } else {
        CHECK(seen.counters.at("app.sizes") == 20);  // as in the reference daemon
      }
      CHECK(server.stats().half_lines == 0);
    }
  }
}

TEST_CASE("statsd server: it has what Net::Statsd of Perl was given") {
  if (cannot_load("libnet-statsd-perl", "/usr/bin/perl -e 'use Net::Statsd'")) return;
  const Listening server;
  const auto seen = server.run({debian_perl, "-e", perl_script, server.port()});
  check_common(seen);
  CHECK(seen.counters.at("app.other") == -2);
  CHECK(seen.counters.at("app.parts") == 2.25);
  CHECK(seen.gauges.at("app.depth") == 3);  // a sign is a change to every server
}

// Over TCP it puts no line feed between what it sends, which no server can take apart.
TEST_CASE("statsd server: it has what ruby-statsd was given") {
  if (cannot_load("ruby-statsd", "/usr/bin/ruby -e 'require \"statsd\"'")) return;
  const Listening server;
  const auto seen = server.run({debian_ruby, "-e", ruby_script, server.port()});
  check_common(seen);
  CHECK(seen.counters.at("app.parts") == 2.25);
  CHECK(seen.gauges.at("app.depth") == 8);
  CHECK(seen.timers.at("app.block").count == 1);
  CHECK(seen.sets.at("app.users") == Members{"alice", "bob"});
}
