// The producer of the online store, the mock cluster, and what they and the consumer share.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "online_store/consumer.hpp"
#include "online_store/kafka_error.hpp"
#include "online_store/kafka_reports.hpp"
#include "online_store/mock_cluster.hpp"
#include "online_store/producer.hpp"
#include "support/loopback.hpp"
#include "support/recording_sink.hpp"

using namespace online_store;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int16_t produce_request = 0;

const std::string nobody = "127.0.0.1:1";

/// Counts, and looks whether the offsets are without a gap.
class CountingSink : public PartitionSink {
 public:
  CountingSink(std::int64_t end, std::int32_t partitions, std::stop_source& stop)
      : end_{end}, unfinished_{partitions}, stop_{stop} {}

  std::optional<std::int64_t> assigned(std::int32_t) override { return std::nullopt; }
  void take(std::int32_t partition, std::int64_t offset, std::string_view value) override {
    std::int64_t& next = next_.try_emplace(partition, offset).first->second;
    begins.try_emplace(partition, offset);
    if (next++ != offset || value.size() != 70) has_gap = true;
    if (next == end_ && --unfinished_ == 0) stop_.request_stop();
  }
  std::map<std::int32_t, std::int64_t> checkpoint() override { return next_; }
  void revoked(std::int32_t) override {}
  void lost(std::int32_t) override { has_lost = true; }

  std::map<std::int32_t, std::int64_t> begins{};
  bool has_gap = false;
  bool has_lost = false;

 private:
  const std::int64_t end_;
  std::int32_t unfinished_;
  std::stop_source& stop_;
  std::map<std::int32_t, std::int64_t> next_{};
};

}  // namespace

TEST_CASE("online_store kafka: a property that librdkafka does not take is refused with its name and value") {
  RecordingSink sink;
  const auto refusal = [&](const KafkaProperties& properties) -> std::string {
    try {
      Consumer{{.brokers = nobody, .topic = "shop", .group = "g", .properties = properties}, sink};
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  };
  CHECK(refusal({{"session.timeout", "5"}}) ==
        "librdkafka does not take session.timeout=5: No such configuration property: \"session.timeout\"");
  CHECK(refusal({{"session.timeout.ms", "soon"}})
            .starts_with("librdkafka does not take session.timeout.ms=soon: "));
  CHECK(refusal({{"enable.auto.commit", "true"}}) ==
        "the property enable.auto.commit=true cannot be asked for: the program sets it itself");
  CHECK(refusal({{"security.protocol", "plaintext"}}) == "none");
  CHECK(refusal({{"max.poll.interval.ms", "1"}}).starts_with("librdkafka does not take the properties: "));
  CHECK_THROWS_WITH_AS(
      (Producer{{.brokers = nobody, .topic = "shop", .properties = {{"compression.codec", "rar"}}}}),
      "librdkafka does not take compression.codec=rar: Invalid value \"rar\" for configuration property "
      "\"compression.codec\"",
      std::invalid_argument);
}

TEST_CASE("online_store kafka: brokers, topic and group have to be there") {
  RecordingSink sink;
  CHECK_THROWS_WITH_AS((Consumer{{.topic = "shop", .group = "g"}, sink}), "a consumer needs a broker",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS((Consumer{{.brokers = nobody, .group = "g"}, sink}), "a consumer needs a topic",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS((Consumer{{.brokers = nobody, .topic = "shop"}, sink}), "a consumer needs a group",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS((Producer{{.topic = "shop"}}), "a producer needs a broker", std::invalid_argument);
  CHECK_THROWS_WITH_AS((Producer{{.brokers = nobody}}), "a producer needs a topic", std::invalid_argument);
  CHECK_THROWS_WITH_AS((MockCluster{"shop", 0}), "a topic has at least 1 partition, not 0",
                       std::invalid_argument);
}

TEST_CASE("online_store kafka: of one kind of trouble is told seldom, and how often it came meanwhile") {
  std::vector<std::string> told;
  KafkaReports reports{"reading shop", [&](const std::string& text) { told.push_back(text); }};
  const auto start = KafkaReports::Clock::now();
  reports.add("refused", "no broker", start);
  reports.add("refused", "no broker", start + 1s);
  reports.add("unknown", "no topic", start + 1s);
  reports.add("refused", "no broker", start + 9s);
  reports.add("refused", "no broker yet", start + 10s);
  reports.add("refused", "no broker", start + 20s);
  CHECK(told == std::vector<std::string>{"reading shop: no broker", "reading shop: no topic",
                                         "reading shop: no broker yet (and 2 more of this kind before)",
                                         "reading shop: no broker"});
  CHECK(reports.count() == 6);
}

TEST_CASE("online_store producer: events of one key go to one partition") {
  MockCluster cluster{"shop", 8};
  Producer producer{{.brokers = cluster.brokers(), .topic = "shop"}};
  for (int i = 0; i < 400; ++i) producer.send("session " + std::to_string(i % 20), std::to_string(i % 20));
  REQUIRE(producer.flush(patience) == 0);
  CHECK(producer.delivered() == 400);
  RecordingSink sink;
  RunningConsumer running{{.brokers = cluster.brokers(), .topic = "shop", .group = "g"}, sink};
  sink.await_taken(400);
  running.stop();
  std::map<std::string, std::set<std::int32_t>> places;
  std::set<std::int32_t> used;
  for (const auto& event : sink.taken()) {
    places[event.value].insert(event.partition);
    used.insert(event.partition);
  }
  CHECK(places.size() == 20);
  bool is_one = true;
  for (const auto& [key, partitions] : places) is_one = is_one && partitions.size() == 1;
  CHECK(is_one);
  CHECK(used.size() > 1);
}

TEST_CASE("online_store producer: it waits while too many events wait, until it is stopped") {
  MockCluster cluster{"shop", 1};
  Producer producer{{.brokers = cluster.brokers(),
                     .topic = "shop",
                     .properties = {{"queue.buffering.max.messages", "10"}, {"linger.ms", "200000"}}}};
  for (int i = 0; i < 10; ++i) REQUIRE(producer.send_to(0, "event"));
  std::stop_source stop;
  std::jthread stopper{[&] { stop.request_stop(); }};
  CHECK_FALSE(producer.send_to(0, "one too many", stop.get_token()));
  CHECK(producer.flush(0ms) == 10);
}

TEST_CASE("online_store producer: a full queue empties while the cluster takes its events") {
  MockCluster cluster{"shop", 1};
  Producer producer{{.brokers = cluster.brokers(),
                     .topic = "shop",
                     .properties = {{"queue.buffering.max.messages", "10"}, {"linger.ms", "1"}}}};
  for (int i = 0; i < 100; ++i) REQUIRE(producer.send_to(0, "event"));
  CHECK(producer.flush(patience) == 0);
  CHECK(producer.delivered() == 100);
}

TEST_CASE("online_store producer: an event is tried again while the cluster refuses or is away") {
  MockCluster cluster{"shop", 1};
  cluster.fail_requests(produce_request, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  Producer producer{{.brokers = cluster.brokers(),
                     .topic = "shop",
                     .properties = {{"linger.ms", "1"}, {"reconnect.backoff.max.ms", "200"}}}};
  for (int i = 0; i < 100; ++i) producer.send_to(0, std::to_string(i));
  REQUIRE(producer.flush(patience) == 0);
  cluster.go_down();
  for (int i = 100; i < 200; ++i) producer.send_to(0, std::to_string(i));
  CHECK(producer.flush(10ms) == 100);
  cluster.come_up();
  REQUIRE(producer.flush(patience) == 0);
  CHECK(producer.delivered() == 200);
  CHECK(producer.failed() == 0);

  RecordingSink sink;
  RunningConsumer running{{.brokers = cluster.brokers(), .topic = "shop", .group = "g"}, sink};
  sink.await_taken(200);
  running.stop();
  bool is_right = true;
  int next = 0;
  for (const auto& event : sink.taken()) is_right = is_right && event.value == std::to_string(next++);
  CHECK(is_right);
}

TEST_CASE("online_store producer: what cannot be delivered counts as failed, and is told") {
  MockCluster cluster{"shop", 2};
  std::string told;
  Producer producer{{.brokers = cluster.brokers(), .topic = "shop", .on_error = [&](const std::string& text) {
                       told += text + "\n";
                     }}};
  producer.send_to(7, "event");
  CHECK(producer.flush(patience) == 0);
  CHECK(producer.failed() == 1);
  CHECK(producer.delivered() == 0);
  CHECK(told == "sending to shop at " + cluster.brokers() +
                    ": an event was not delivered: Local: Unknown partition\n");
  CHECK_THROWS_AS(producer.send_to(0, std::string(2'000'000, 'x')), KafkaError);
}

/// Of a million events in 16 partitions, what four of them get; and how much a partition gets before it drops
/// some.
void check_kept(std::int64_t events, bool are_all_kept) {
  constexpr std::int32_t partitions = 4;
  MockCluster cluster{"shop", partitions};
  Producer producer{
      {.brokers = cluster.brokers(), .topic = "shop", .properties = {{"compression.codec", "none"}}}};
  const std::string event(70, 'x');
  for (std::int64_t i = 0; i < events * partitions; ++i) {
    producer.send_to(static_cast<std::int32_t>(i % partitions), event);
  }
  REQUIRE(producer.flush(patience) == 0);
  REQUIRE(producer.failed() == 0);

  std::stop_source stop;
  CountingSink sink{events, partitions, stop};
  RunningConsumer running{{.brokers = cluster.brokers(), .topic = "shop", .group = "g"}, sink};
  const std::stop_callback end{stop.get_token(), [&] { running.request_stop(); }};
  running.await_end();
  CHECK_FALSE(sink.has_gap);
  CHECK_FALSE(sink.has_lost);
  REQUIRE(sink.begins.size() == partitions);
  for (const auto& [partition, begin] : sink.begins) CHECK((begin == 0) == are_all_kept);
}

TEST_CASE(
    "online_store mock cluster: a partition keeps 62,500 events of 70 bytes, so that 16 keep a million") {
  check_kept(62'500, true);
}

TEST_CASE("online_store mock cluster: a partition drops the oldest of more than 5 MiB") {
  check_kept(80'000, false);
}
