#include "statwire/server/statsd_admin.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>

using namespace statwire::server;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  Aggregator aggregator{{}, 100s};
  StatsdAdmin admin{aggregator, 100s};

  std::string ask(std::string_view command) { return admin.reply(command, 105s).text; }
};

}  // namespace

TEST_CASE("admin: deletes series by name and by folder, and says what it did") {
  Fixture statsd;
  statsd.aggregator.add("a.b.c:1|c\na.b.d:1|c\na.bc:1|c\nx:1|c\ng:1|g\nt:1|ms\nt:2|ms", 100s);
  CHECK(statsd.ask("delcounters x y\n") == "deleted: x\nmetric y not found\nEND\n\n");
  CHECK(statsd.ask("delcounters a.b.*") == "deleted: a.b.c\ndeleted: a.b.d\nEND\n\n");
  CHECK(statsd.ask("delcounters a.b.* x") == "metric a.b.* not found\nmetric x not found\nEND\n\n");
  CHECK(statsd.ask("delcounters a.bc a.bc") == "deleted: a.bc\nmetric a.bc not found\nEND\n\n");
  CHECK(statsd.ask("delgauges g") == "deleted: g\nEND\n\n");
  CHECK(statsd.ask("deltimers t") == "deleted: t\nEND\n\n");
  CHECK(statsd.ask("deltimers") == "END\n\n");
  CHECK(statsd.ask("gauges") == "{}\nEND\n\n");
  CHECK(statsd.ask("timers") == "{}\nEND\n\n");
  CHECK(statsd.aggregator.series().values() == 0);
}

TEST_CASE("admin: the server's own counters come back after they were deleted") {
  Fixture statsd;
  CHECK(statsd.ask("delcounters statsd.*") ==
        "deleted: statsd.bad_lines_seen\ndeleted: statsd.packets_received\ndeleted: statsd.metrics_received\n"
        "END\n\n");
  statsd.aggregator.add("x", 100s);
  CHECK(statsd.aggregator.series().counters.find("statsd.bad_lines_seen")->sum == 1);
}

TEST_CASE("admin: dumps are broken into lines when they are long, and cut") {
  Fixture statsd;
  for (int i = 0; i < 103; ++i) statsd.aggregator.add("t:" + std::to_string(i) + "|ms", 100s);
  const std::string dump = statsd.ask("timers");
  CHECK(dump.starts_with("{\n  t: [\n    0,\n    1,\n"));
  CHECK(dump.ends_with("    99,\n    ... 3 more items\n  ]\n}\nEND\n\n"));
}

TEST_CASE("admin: what is no command is an error, and nothing is changed by it") {
  Fixture statsd;
  for (const char* command :
       {"", "\n", "HELP", "help\nstats", "sets", "delsets x", "\xff\x01", "stats\x01"}) {
    CAPTURE(command);
    CHECK(statsd.ask(command) == "ERROR\n");
  }
  CHECK(statsd.admin.is_up());
  CHECK(statsd.ask("health DOWN please") == "health: down\n");
  CHECK_FALSE(statsd.admin.is_up());
}
