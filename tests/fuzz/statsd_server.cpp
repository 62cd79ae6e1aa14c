// Any bytes as packets and admin commands: no crash, every value is counted once, bounds hold, and a flush is
// lines of three words, whatever the names were.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "statwire/protocol/text.hpp"
#include "statwire/server/statsd_admin.hpp"
#include "statwire/server/statsd_aggregator.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;

constexpr std::size_t max_series = 16;
constexpr std::size_t max_values = 24;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_text(std::string_view text) {
  require(text.ends_with('\n'));
  while (!text.empty()) {
    std::string_view words[3];
    require(protocol::split_words(protocol::take_until(text, '\n'), words) == 3);
  }
}

void check_statsd(std::string_view packet, server::AggregatorOptions options) {
  options.max_series = max_series;
  options.max_values = max_values;
  server::Aggregator aggregator{options, 1s};
  server::StatsdAdmin admin{aggregator, 1s};
  for (int i = 0; i < 2; ++i) {
    // The second time names are known, so lines take the fast way, and have to mean the same.
    const std::uint64_t bad = aggregator.totals().bad_values;
    aggregator.add(packet, 1s);
    if (i == 1 && !options.delete_idle) require(aggregator.totals().bad_values == 2 * bad);
    require(aggregator.series().size() <= max_series + 3);
    require(aggregator.series().values() <= max_values);
    const auto snapshot = aggregator.snapshot();
    std::size_t values = 0;
    for (const auto& [name, timer] : snapshot.timers) values += timer.values.size();
    for (const auto& [name, members] : snapshot.sets) values += members.size();
    require(values == aggregator.series().values());
    admin.reply(packet, 2s);
    check_text(aggregator.flush_text(2s));
    require(aggregator.series().values() == 0);
    for (const char* dump : {"counters", "gauges", "timers"}) {
      require(admin.reply(dump, 2s).text.ends_with("END\n\n"));
    }
  }
  require(aggregator.totals().packets == 2);
}

void check_pystatsd(std::string_view packet) {
  server::Aggregator aggregator{
      {.flavour = server::Flavour::pystatsd, .max_series = max_series, .max_values = max_values}};
  aggregator.add(packet, 1s);
  require(aggregator.series().size() <= max_series);
  check_text(aggregator.flush_text(2s));
  require(aggregator.series().counters.empty() && aggregator.series().values() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes{reinterpret_cast<const char*>(data), size};
  // Most bytes are bad at once; what begins right gets further.
  const std::string packets[] = {bytes, "a:1|" + bytes, "a:" + bytes + "|ms", "deltimers a " + bytes};
  const std::string& packet = packets[size == 0 ? 0 : data[size - 1] % std::size(packets)];
  check_statsd(packet, {});
  check_statsd(packet, {.percentiles = {90, -100, 0.1},
                        .delete_idle = true,
                        .names = server::Names::keep,
                        .senders = server::Senders::dogstatsd});
  check_pystatsd(packet);
  return 0;
}
