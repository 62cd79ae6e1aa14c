// tests/cases/002_sivy_client.json: the wire of sivy/pystatsd, one datagram a call. Ours differs on purpose
// where that client's bytes do harm; each difference is named below.

#include "support/case_files.hpp"
#include "support/replay_statsd.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;

/// What ours sends for a datagram of theirs.
std::vector<std::string> our_datagrams(const PythonCall& call, const WireCase& wanted) {
  const bool prefix_ends_in_dot = wanted.prefix.ends_with('.');
  std::vector<std::string> ours;
  for (const std::string& datagram : wanted.datagrams) {
    LineParts parts = parts_of(datagram);
    // A prefix that ends in a dot gives theirs two dots, an empty folder in Graphite; ours has one.
    if (prefix_ends_in_dot) parts.frame.erase(parts.frame.find(".."), 1);
    if (call.function == "timing_since") {
      // Theirs sends microseconds under the type `ms`; ours means milliseconds when it says so.
      parts.value = std::to_string(number_of(parts.value) / 1000);
    }
    const double value = number_of(parts.value);
    // No server takes a negative timing, so ours drops it and counts it.
    if (parts.frame.ends_with("|ms") && value < 0) continue;
    const std::size_t colon = parts.frame.find(':') + 1;
    std::string line = parts.frame.substr(0, colon) + parts.value + parts.frame.substr(colon);
    // A server takes `g:-1.5|g` for a change; ours sets the gauge to zero first, as the call asked for a
    // value.
    if (call.function == "gauge" && value < 0) {
      line = parts.frame.substr(0, colon) + "0" + parts.frame.substr(colon) + "\n" + line;
    }
    ours.push_back(line);
  }
  return ours;
}

}  // namespace

TEST_CASE(
    "sivy client: every call of the case file makes the same datagrams, but for the named differences") {
  for (const WireCase& wanted : wire_cases("002_sivy_client.json")) {
    CAPTURE(wanted.call);
    set_random(wanted.random);
    MemoryStatsd statsd{testing::MemoryTransport{},
                        {.prefix = wanted.prefix, .delivery = Delivery::immediate, .random = &fixed_random}};
    const PythonCall call = parse_python_call(wanted.call);
    replay(statsd, call);
    check_same_datagrams(statsd.transport().datagrams(), our_datagrams(call, wanted));
    CHECK(statsd.stats().accepted ==
          statsd.stats().sent + statsd.stats().sampled_out + statsd.stats().dropped_invalid);
  }
}

TEST_CASE("sivy client: of the profile pystatsd, the calls without a named difference make the same bytes") {
  int compared = 0;
  for (const WireCase& wanted : wire_cases("002_sivy_client.json")) {
    CAPTURE(wanted.call);
    const PythonCall call = parse_python_call(wanted.call);
    const bool differs = wanted.prefix.ends_with('.') || call.function == "timing_since" ||
                         (call.function == "gauge" && call.argument(0, "").starts_with('-'));
    if (differs) continue;
    set_random(wanted.random);
    MemoryStatsd statsd{testing::MemoryTransport{},
                        {.prefix = wanted.prefix,
                         .profile = profiles::pystatsd,
                         .delivery = Delivery::immediate,
                         .random = &fixed_random}};
    replay(statsd, call);
    CHECK(statsd.transport().datagrams() == wanted.datagrams);
    ++compared;
  }
  CHECK(compared > 5);
}
