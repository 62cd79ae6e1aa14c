// tests/cases/002_statsd_server.json: what statsd/statsd flushes and answers. Ours gives the same lines in
// the same order with the same numbers; differences on purpose are named below.

#include "statwire/server/statsd_admin.hpp"
#include "statwire/server/statsd_aggregator.hpp"
#include "support/case_files.hpp"
#include "support/graphite_text.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

constexpr server::UnixTime start = 1'700'000'000s;

/// The lines that depend on the wall clock, as the file says.
bool depends_on_clock(std::string_view path) {
  return path.find(".graphiteStats.") != std::string_view::npos ||
         path.find(".processing_time") != std::string_view::npos;
}

/// Ours prints more options, and has no list of servers to print.
void check_config(const std::string& ours, const std::string& theirs) {
  const std::vector<std::string> lines = split(ours, '\n');
  for (const std::string& line : split(theirs, '\n')) {
    if (line == "servers > 0: [object Object]") continue;
    CAPTURE(line);
    CHECK(std::find(lines.begin(), lines.end(), line) != lines.end());
  }
}

void run(const ServerCase& wanted) {
  server::UnixTime now = start;
  server::Aggregator aggregator{wanted.options, start};
  server::StatsdAdmin admin{aggregator, start, {{"graphiteHost", "127.0.0.1"}, {"graphitePort", "2003"}}};
  server::GraphiteStatus status{.last_flush = 1'700'000'000};
  for (const ServerStep& step : wanted.steps) {
    CAPTURE(step.text);
    switch (step.kind) {
      case ServerStep::Kind::packet:
        aggregator.add(step.text, now);
        break;
      case ServerStep::Kind::pass_time:
        now += step.time;
        break;
      case ServerStep::Kind::flush: {
        now = step.time;
        check_same_flush(aggregator.flush_text(now, status), step.lines,
                         [](std::string_view path) { return !depends_on_clock(path); });
        break;
      }
      case ServerStep::Kind::admin: {
        const server::AdminReply reply = admin.reply(step.text, now, status);
        if (step.text.starts_with("config")) {
          check_config(reply.text, step.reply);
        } else {
          CHECK(reply.text == step.reply);
        }
        CHECK(reply.closes == step.closes);
        break;
      }
    }
  }
}

}  // namespace

TEST_CASE("statsd server: every case of the reference daemon gives the same lines and answers") {
  for (const ServerCase& wanted : server_cases("002_statsd_server.json")) {
    CAPTURE(wanted.name);
    run(wanted);
  }
}
