// What the aggregation of a StatsD server costs for each line of packed packets, without sockets. The floor
// cuts the same packets into lines and does nothing with them. Then a flush of 100,000 series, what a series
// takes in memory, and what the page for Prometheus costs.

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "figures.hpp"
#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/server/prometheus_totals.hpp"
#include "statwire/server/statsd_aggregator.hpp"

#if defined(__linux__) && defined(__GLIBC__)
#include <malloc.h>

namespace {

using namespace statwire;
using namespace std::chrono_literals;

constexpr std::size_t lines_a_round = 200'000;
constexpr server::UnixTime start = 1'700'000'000s;

/// Lines as a service's client packs them: `line(i)` for each, in datagrams of at most 1432 bytes.
std::vector<std::string> packets_of(const std::function<std::string(std::size_t)>& line) {
  std::vector<std::string> packets(1);
  for (std::size_t i = 0; i < lines_a_round; ++i) {
    const std::string next = line(i) + "\n";
    if (packets.back().size() + next.size() > 1432) packets.emplace_back();
    packets.back() += next;
  }
  return packets;
}

std::string name_of(std::size_t i) {
  return "v1.eu.shop.web.instance_1.requests." + std::to_string(i);
}

/// Visits names in an order that no cache foresees.
std::size_t scattered(std::size_t i, std::size_t count) {
  return i * 7'919 % count;
}

class Load {
 public:
  Load(std::string name, server::AggregatorOptions options, std::function<std::string(std::size_t)> line)
      : name_{std::move(name)}, packets_{packets_of(line)}, aggregator_{std::move(options), start} {
    add();  // names are known then
    REQUIRE(aggregator_.totals().lines == lines_a_round);
    REQUIRE(aggregator_.totals().bad_values == 0);
  }

  bench::Contestant contestant() {
    return {name_, [this] {
              add();
              aggregator_.flush(start, {}, [](const server::FlushedLine&) {});
            }};
  }

  bench::Contestant floor() {
    return {"lines of " + name_ + " (floor)", [this] {
              std::size_t bytes = 0;
              for (const std::string& packet : packets_) {
                protocol::for_each_line(packet, [&](std::string_view line) { bytes += line.size(); });
              }
              REQUIRE(bytes != 0);
            }};
  }

 private:
  void add() {
    for (const std::string& packet : packets_) aggregator_.add(packet, start);
  }

  std::string name_;
  std::vector<std::string> packets_;
  server::Aggregator aggregator_;
};

std::string short_counter(std::size_t i) {
  return name_of(i % 100) + ":1|c";
}

}  // namespace

TEST_CASE("a line of packed packets, and its share of a flush") {
  const server::AggregatorOptions datadog{.senders = server::Senders::dogstatsd};
  Load counters{"counters, 100 names", {}, short_counter};
  Load sampled{"sampled counters, 100 names", {}, [](std::size_t i) { return short_counter(i) + "|@0.1"; }};
  Load many{
      "counters, 50,000 names", {}, [](std::size_t i) { return name_of(scattered(i, 50'000)) + ":1|c"; }};
  Load gauges{"gauges, 100 names", {}, [](std::size_t i) { return name_of(i % 100) + ":12.5|g"; }};
  Load timers{"timers, 100 names", {}, [](std::size_t i) {
                return name_of(i % 100) + ":" + std::to_string(i % 1000) + ".25|ms";
              }};
  Load sets{"sets, 100 names, 100 members", {}, [](std::size_t i) {
              return name_of(i % 100) + ":user" + std::to_string(scattered(i, 10'000) / 100) + "|s";
            }};
  Load tagged{"tagged counters, 100 names", {}, [](std::size_t i) {
                return short_counter(i) + "|#route:/a,code:200";
              }};
  Load dirty{"counters to clean, 100 names", {}, [](std::size_t i) { return "a/b " + short_counter(i); }};
  Load packed{"packed timers of Datadog, 4 values", datadog,
              [](std::size_t i) { return name_of(i % 100) + ":1.5:2.5:3.5:4.5|d|#route:/a,code:200"; }};
  bench::print_figures(
      "a line", "ns of CPU",
      bench::in_turn(9, lines_a_round,
                     {counters.floor(), counters.contestant(), sampled.contestant(), many.contestant(),
                      gauges.contestant(), timers.contestant(), sets.contestant(), tagged.contestant(),
                      dirty.contestant(), packed.contestant()}));
}

TEST_CASE("a flush of 100,000 series") {
  constexpr std::size_t series = 100'000;
  const auto fill = [](server::Aggregator& aggregator, const char* value) {
    for (std::size_t i = 0; i < series; ++i) aggregator.add(name_of(i) + value, start);
  };
  const std::size_t before = mallinfo2().uordblks;
  server::Aggregator counters;
  fill(counters, ":3|c");
  const std::size_t bytes = mallinfo2().uordblks - before;
  server::Aggregator timers;
  fill(timers, ":3.5|ms");
  std::string text;
  const auto flush = [&](server::Aggregator& aggregator) {
    text.clear();
    aggregator.flush(start, {}, [&](const server::FlushedLine& line) { append_flushed_line(text, line); });
    REQUIRE(text.size() > series);
  };
  const auto flushes = [&](server::Aggregator& aggregator, const char* value) {
    return [&, value] {
      if (value != nullptr) fill(aggregator, value);
      flush(aggregator);
    };
  };
  bench::print_figures("a flush to text, by series", "ns of CPU",
                       bench::in_turn(5, series,
                                      {{"idle counters (floor)", flushes(counters, nullptr)},
                                       {"counters, filled and flushed", flushes(counters, ":0.3|c")},
                                       {"timers, filled and flushed", flushes(timers, ":3.5|ms")}}));
  const double names = static_cast<double>(series) * static_cast<double>(name_of(series / 2).size());
  std::printf("  a counter takes %.0f bytes besides its name\n",
              (static_cast<double>(bytes) - names) / static_cast<double>(series));
}

TEST_CASE("the page for Prometheus, 100,000 series") {
  static constexpr std::size_t series = 100'000;
  server::Aggregator counters;
  server::Aggregator mixed;
  server::Aggregator timers;
  server::Aggregator gauges;
  for (std::size_t i = 0; i < series; ++i) {
    counters.add(name_of(i) + ":3|c", start);
    mixed.add(name_of(scattered(i, series)) + ":3|c", start);
    timers.add(name_of(i) + ":3.5|ms", start);
    gauges.add(name_of(i) + ":12.5|g|#route:/a,code:200", start);
  }
  server::PrometheusTotals of_counters{2 * series};
  of_counters.take(counters.series());
  server::PrometheusTotals of_timers{2 * series};
  of_timers.take(timers.series());
  server::PrometheusTotals of_gauges{2 * series};
  of_gauges.take(gauges.series());
  const auto take = [](server::PrometheusTotals& totals, server::Aggregator& aggregator) {
    return [&] {
      totals.take(aggregator.series());
      REQUIRE(totals.size() >= series);
    };
  };
  const auto write = [](const server::PrometheusTotals& totals) {
    return [&] { REQUIRE(totals.text().size() > series); };
  };
  const auto copy = [&] {
    const server::PrometheusTotals copied{of_counters};
    REQUIRE(copied.size() >= series);
  };
  bench::print_figures("take() and text(), by series", "ns of CPU",
                       bench::in_turn(5, series,
                                      {{"a copy of the counters (floor)", copy},
                                       {"take(), counters", take(of_counters, counters)},
                                       {"take(), counters in another order", take(of_counters, mixed)},
                                       {"take(), timers of one value", take(of_timers, timers)},
                                       {"take(), gauges with tags", take(of_gauges, gauges)},
                                       {"text(), counters", write(of_counters)},
                                       {"text(), timers", write(of_timers)},
                                       {"text(), gauges with tags", write(of_gauges)}}));
}

#endif  // defined(__linux__) && defined(__GLIBC__)
