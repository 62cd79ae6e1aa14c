// tests/cases/002_statsdpy_server.json: the packets that another server was sent, and its flushes. Ours is
// not that server; what both of them flush of the same packets has to be the same.

#include <map>

#include "statwire/server/statsd_aggregator.hpp"
#include "support/case_files.hpp"
#include "support/graphite_text.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

/// What ours calls a line of theirs; nothing where the two differ by design.
std::optional<std::string> our_path(std::string path, const std::string& name) {
  // Theirs takes another one for a percentile, and cleans odd bytes to `_`, which ours drops.
  if (path.find(".upper_") != std::string::npos) return std::nullopt;
  if (path.ends_with(".te_t_key__fix________th_is___be_ok")) return std::nullopt;
  if (name == "key_check" && path.ends_with("a_b")) path.replace(path.size() - 3, 3, "a-b");
  const std::map<std::string, std::string> names{{".high", ".upper"}, {".low", ".lower"}, {".total", ".sum"}};
  for (const auto& [theirs, ours] : names) {
    if (path.ends_with(theirs)) return path.replace(path.size() - theirs.size(), theirs.size(), ours);
  }
  return path;
}

}  // namespace

TEST_CASE("statsdpy server: of its packets, ours flushes the same numbers") {
  int compared = 0;
  for (const ServerCase& wanted : server_cases("002_statsdpy_server.json")) {
    CAPTURE(wanted.name);
    server::Aggregator aggregator{wanted.options, 1'700'000'000s};
    int flushes = 0;
    for (const ServerStep& step : wanted.steps) {
      if (step.kind == ServerStep::Kind::packet) {
        aggregator.add(step.text, 1'700'000'000s);
        continue;
      }
      std::map<std::string, double> ours;
      for (const std::string& line : split(aggregator.flush_text(step.time), '\n')) {
        if (const auto point = read_as_carbon(line)) ours[point->metric] = point->value;
      }
      const bool is_first = ++flushes == 1;
      for (const std::string& line : step.lines) {
        CAPTURE(line);
        const auto theirs = read_as_carbon(line);
        REQUIRE(theirs.has_value());
        // Theirs sets gauges to zero at a flush; ours keeps them, as the reference daemon does.
        if (!is_first && line.starts_with("stats.gauges.")) continue;
        const auto path = our_path(theirs->metric, wanted.name);
        if (!path) continue;
        CAPTURE(*path);
        REQUIRE(ours.contains(*path));
        CHECK(ours[*path] == theirs->value);
        ++compared;
      }
    }
  }
  CHECK(compared > 30);
}
