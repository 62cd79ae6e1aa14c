// Put and get over loopback: round trips one after the other, batches, and replies of a million rows.

#include "catch.hpp"

#if defined(__linux__)

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "figures.hpp"
#include "metrics_loopback.hpp"
#include "statwire/buffered_metrics.hpp"
#include "statwire/metrics.hpp"
#include "statwire/testing/scripted_stream.hpp"

namespace {

using namespace statwire;
using namespace std::chrono_literals;

constexpr std::string_view key = "huginn.cpu";
constexpr std::int64_t start = 1642667947;
constexpr std::string_view request = "put huginn.cpu 0.5 1642667947\n";

/// Round trips in microseconds.
struct RoundTrips {
  std::string name;
  std::vector<double> samples{};

  double percentile(double share) {
    const auto at =
        samples.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(samples.size() - 1));
    std::nth_element(samples.begin(), at, samples.end());
    return *at;
  }
};

void time_round_trips(RoundTrips& trips, int count, auto&& round_trip) {
  for (int i = 0; i < count; ++i) {
    trips.samples.push_back(std::chrono::duration<double, std::micro>{bench::time_of(round_trip)}.count());
  }
}

/// A million points of a thousand series, with values as services have them: whole, with decimals, measured.
std::vector<Point> a_million_points() {
  std::vector<Point> points;
  std::mt19937_64 random{1};
  for (std::int64_t i = 0; i < 1'000'000; ++i) {
    const double value = i % 4 == 0   ? static_cast<double>(random() % 100'000)
                         : i % 4 == 1 ? static_cast<double>(random() % 100'000) / 100
                         : i % 4 == 2 ? static_cast<double>(random() % 1000) / 8
                                      : std::uniform_real_distribution<>{0, 100}(random);
    points.push_back({"host" + std::to_string(i / 1000) + ".cpu", value, start + i % 1000});
  }
  return points;
}

/// The reply to `get *` that holds these points.
std::string reply_of(const std::vector<Point>& points) {
  std::string reply{protocol::rows_begin};
  for (const Point& point : points) protocol::append_row(reply, {point.key, point.value, *point.timestamp});
  return reply.append(protocol::rows_end);
}

/// Reads the two numbers of each row and skips the rest.
double parse_numbers_alone(std::string_view reply) {
  double sum = 0;
  const char* next = reply.data() + protocol::rows_begin.size();
  const char* const end = reply.data() + reply.size();
  while (*next != '\n') {
    next = std::find(next, end, ' ') + 1;
    double value = 0;
    std::int64_t timestamp = 0;
    next = std::from_chars(next, end, value).ptr + 1;
    next = std::from_chars(next, end, timestamp).ptr + 1;
    sum += value + static_cast<double>(timestamp);
  }
  return sum;
}

}  // namespace

TEST_CASE("metrics: round trips of a put, one after the other") {
  {
    MetricsClient check{testing::ScriptedStream{{.replies = {"ok\n\n"}}}};
    check.put(key, 0.5, start);
    REQUIRE(check.transport().written() == request);
  }
  bench::stay_on_processor(bench::client_processor);
  bench::BareServer bare_server{[](std::string_view) { return protocol::ok_reply; }};
  bench::ServerThread<> server;
  bench::BareConnection bare{bare_server.port()};
  bench::BareConnection bare_to_server{server.port()};
  MetricsClient client{"127.0.0.1", server.port()};

  std::vector<RoundTrips> rows{{"bare write and read, bare server (floor)"},
                               {"bare write and read, MetricsServer"},
                               {"MetricsClient, MetricsServer"}};
  const auto bare_trip = [](bench::BareConnection& connection) {
    connection.write(request);
    REQUIRE(connection.read() == "ok\n\n");
  };
  for (int round = 0; round < 60; ++round) {  // in turn, so that what the neighbours do hits all alike
    if (round == 10) {
      for (RoundTrips& row : rows) row.samples.clear();
    }
    time_round_trips(rows[0], 1000, [&] { bare_trip(bare); });
    time_round_trips(rows[1], 1000, [&] { bare_trip(bare_to_server); });
    time_round_trips(rows[2], 1000, [&] { client.put(key, 0.5, start); });
  }
  std::printf("\n%-52s %8s %8s %8s %8s\n", "a put, one after the other", "p50 us", "ratio", "p99 us",
              "ratio");
  const double p50 = rows[0].percentile(0.5);
  const double p99 = rows[0].percentile(0.99);
  for (RoundTrips& row : rows) {
    std::printf("  %-50s %8.1f %8.2f %8.1f %8.2f\n", row.name.c_str(), row.percentile(0.5),
                row.percentile(0.5) / p50, row.percentile(0.99), row.percentile(0.99) / p99);
  }
}

TEST_CASE("metrics: batches of puts, and everything back") {
  bench::stay_on_processor(bench::client_processor);
  const std::vector<Point> points = a_million_points();
  const double count = static_cast<double>(points.size());
  std::vector<double> sequential, pipelined, buffered, got;
  for (int round = 0; round < 7; ++round) {
    bench::ServerThread<> server;
    MetricsClient client{"127.0.0.1", server.port()};
    sequential.push_back(10'000 / bench::time_of([&] {
                                    for (int i = 0; i < 10'000; ++i) client.put(key, 0.5, start + i);
                                  }).count());
    pipelined.push_back(count / bench::time_of([&] { client.put(points); }).count());
    Series all;
    got.push_back(count / bench::time_of([&] { all = client.get("*"); }).count());
    REQUIRE(all.size() == 1001);
    BufferedMetricsClient in_background{"127.0.0.1", server.port(), {.max_queue_bytes = 100'000'000}};
    buffered.push_back(count / bench::time_of([&] {
                                 for (const Point& point : points) {
                                   in_background.put(point.key, point.value, *point.timestamp);
                                 }
                                 REQUIRE(in_background.flush(1min));
                               }).count());
    REQUIRE(in_background.stats().stored == points.size());
  }
  bench::print_figures("points a second over one connection", "points/s",
                       {{"put, one after the other (floor)", bench::median(sequential)},
                        {"put, a batch of a million", bench::median(pipelined)},
                        {"BufferedMetricsClient, until all are stored", bench::median(buffered)},
                        {"get *, a million rows into a map", bench::median(got)}});
}

TEST_CASE("metrics: decoding a million rows") {
  const std::string reply = reply_of(a_million_points());
  const auto decode = [&](auto&& on_row) {
    protocol::ReplyDecoder decoder{protocol::ReplyDecoder::Expected::rows};
    REQUIRE(decoder.feed(reply, on_row) == reply.size());
    REQUIRE(!decoder.error());
  };
  double sum = 0;
  decode([&](const protocol::Row& row) { sum += row.value + static_cast<double>(row.timestamp); });
  REQUIRE(sum == parse_numbers_alone(reply));
  double total = 0;
  bench::print_figures(
      "a row of a reply of a million, in CPU time", "ns",
      bench::in_turn(
          15, 1'000'000,
          {{"std::from_chars over its numbers (floor)", [&] { total += parse_numbers_alone(reply); }},
           {"decoded, as get_each gives it",
            [&] { decode([&](const protocol::Row& row) { total += row.value; }); }},
           {"decoded and collected, as get does", [&] {
              client::SeriesBuilder builder;
              decode([&](const protocol::Row& row) { builder.add(row); });
              REQUIRE(builder.take().size() == 1000);
            }}}));
  REQUIRE(total > 0);
}

#endif  // defined(__linux__)
