// Any bytes on their way through a StatsD server: a stream gives the same lines wherever it is cut, and
// whatever the names were, the page for Prometheus is one that Prometheus takes.

#define DOCTEST_CONFIG_DISABLE  // what reads the page is a header of the tests

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/server/line_cutter.hpp"
#include "statwire/server/prometheus_totals.hpp"
#include "statwire/server/statsd_aggregator.hpp"
#include "support/prometheus_page.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;

void require(bool condition) {
  if (!condition) std::abort();
}

/// The lines of a stream that comes in pieces of so many bytes.
std::vector<std::string> lines_of(std::string_view bytes, std::size_t piece, std::uint64_t& long_lines) {
  server::LineCutter cutter{20};
  std::vector<std::string> lines;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    cutter.give(bytes.substr(0, piece), [&](std::string_view line) { lines.emplace_back(line); });
  }
  long_lines = cutter.long_lines();
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (bytes.empty()) return 0;
  std::uint64_t long_lines = 0;
  std::uint64_t long_lines_in_pieces = 0;
  const auto lines = lines_of(bytes, bytes.size(), long_lines);
  const std::size_t piece = 1 + static_cast<std::size_t>(data[0]) % 16;
  require(lines_of(bytes, piece, long_lines_in_pieces) == lines);
  require(long_lines_in_pieces == long_lines);

  server::Aggregator aggregator{{.max_series = 50, .max_values = 50}};
  server::PrometheusTotals totals{40};
  for (int i = 0; i < 2; ++i) {
    aggregator.add(bytes.substr(0, size >> i), 1s);
    totals.take(aggregator.series());
    aggregator.flush_text(1s);
  }
  const test::PrometheusPage page{totals.text()};  // throws what Prometheus would refuse
  return 0;
}
