// Consumers of the online store, against librdkafka's mock cluster: what each member of a group takes, and
// where the next one goes on. Each change of a group takes 3 seconds there.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "online_store/consumer.hpp"
#include "online_store/kafka_error.hpp"
#include "online_store/mock_cluster.hpp"
#include "online_store/producer.hpp"
#include "support/loopback.hpp"
#include "support/recording_sink.hpp"

using namespace online_store;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int16_t fetch_request = 1;
constexpr std::int16_t offset_commit_request = 8;
constexpr std::int16_t join_group_request = 11;
constexpr std::int16_t heartbeat_request = 12;

/// What on_error was told.
class Told {
 public:
  KafkaReports::Tell listener() {
    return [this](const std::string& text) {
      const std::lock_guard lock{mutex_};
      texts_ += text + "\n";
      changed_.notify_all();
    };
  }

  bool has(const std::string& part) {
    const std::lock_guard lock{mutex_};
    return texts_.find(part) != std::string::npos;
  }

  /// The test fails when it does not come.
  void await(const std::string& part) {
    std::unique_lock lock{mutex_};
    const bool came =
        changed_.wait_until(lock, soon(), [&] { return texts_.find(part) != std::string::npos; });
    REQUIRE_MESSAGE(came, "'" << part << "' is not in:\n" << texts_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_{};
  std::string texts_{};
};

ConsumerOptions options_for(const std::string& brokers) {
  return {.brokers = brokers,
          .topic = "shop",
          .group = "conversion",
          .commit_interval = 50ms,
          .properties = {{"session.timeout.ms", "4000"},
                         {"heartbeat.interval.ms", "100"},
                         {"reconnect.backoff.max.ms", "200"}}};
}

Producer producer_for(const MockCluster& cluster) {
  return Producer{{.brokers = cluster.brokers(),
                   .topic = "shop",
                   .properties = {{"linger.ms", "5"}, {"reconnect.backoff.max.ms", "200"}}}};
}

/// `first`, `first + 1`, ... in each partition.
void send(Producer& producer, std::int32_t partitions, int first, int end) {
  for (int i = first; i < end; ++i) {
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      producer.send_to(partition, std::to_string(i));
    }
  }
  REQUIRE(producer.flush(patience) == 0);
  REQUIRE(producer.failed() == 0);
}

using Places = std::multiset<std::pair<std::int32_t, std::int64_t>>;

void add_places(Places& places, const RecordingSink& sink) {
  for (const auto& event : sink.taken()) places.emplace(event.partition, event.offset);
}

/// Each of these, once.
Places all_places(std::int32_t partitions, std::int64_t events) {
  Places places;
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    for (std::int64_t offset = 0; offset < events; ++offset) places.emplace(partition, offset);
  }
  return places;
}

}  // namespace

TEST_CASE(
    "online_store consumer: every event arrives once, in the order of its partition, tombstones as well") {
  MockCluster cluster{"shop", 4};
  Producer producer = producer_for(cluster);
  send(producer, 4, 0, 5000);
  producer.send_to(0, std::string_view{});
  producer.send_to(0, "");
  REQUIRE(producer.flush(patience) == 0);
  RecordingSink sink;
  RunningConsumer running{options_for(cluster.brokers()), sink};
  sink.await_taken(20'002);
  CHECK(running.consumer().errors() == 0);
  running.stop();

  std::map<std::int32_t, std::int64_t> next;
  int tombstones = 0;
  bool is_right = true;
  for (const auto& event : sink.taken()) {
    is_right = is_right && event.offset == next[event.partition]++;
    if (event.offset < 5000) is_right = is_right && event.value == std::to_string(event.offset);
    if (event.is_tombstone) ++tombstones;
  }
  CHECK(is_right);
  CHECK(next == std::map<std::int32_t, std::int64_t>{{0, 5002}, {1, 5000}, {2, 5000}, {3, 5000}});
  CHECK(tombstones == 1);
  CHECK(sink.calls("revoked 3") == 1);
  CHECK(sink.calls("lost 3") == 0);
}

TEST_CASE("online_store consumer: what no checkpoint held is taken again by the next of the group") {
  MockCluster cluster{"shop", 1};
  Producer producer = producer_for(cluster);
  send(producer, 1, 0, 200);
  RecordingSink broken;
  broken.holds_until = 100;
  broken.on_take = [](const std::string& value) {
    if (value == "200") throw std::runtime_error{"the sink is full"};
  };
  RunningConsumer first{options_for(cluster.brokers()), broken};
  broken.await_taken(200);
  first.await_commit();
  send(producer, 1, 200, 300);
  CHECK_THROWS_WITH_AS(first.await_end(), "the sink is full", std::runtime_error);
  CHECK(broken.calls("revoked 0") == 0);

  RecordingSink sink;
  RunningConsumer second{options_for(cluster.brokers()), sink};
  sink.await_taken(200);
  second.stop();
  CHECK(sink.taken().front().offset == 100);
  CHECK(sink.taken().size() == 200);
}

TEST_CASE("online_store consumer: where the sink wants to begin wins over what the group has committed") {
  MockCluster cluster{"shop", 1};
  Producer producer = producer_for(cluster);
  send(producer, 1, 0, 200);
  RecordingSink sink;
  RunningConsumer first{options_for(cluster.brokers()), sink};
  sink.await_taken(200);
  first.stop();
  CHECK(sink.calls("revoked 0") == 1);

  RecordingSink knowing;
  knowing.begins = {{0, 50}};
  RunningConsumer second{options_for(cluster.brokers()), knowing};
  knowing.await_taken(150);
  second.stop();
  CHECK(knowing.taken().front().offset == 50);
  CHECK(knowing.taken().size() == 150);
}

TEST_CASE("online_store consumer: an offset that is not there is told, and read from the beginning") {
  MockCluster cluster{"shop", 1};
  Producer producer = producer_for(cluster);
  send(producer, 1, 0, 10);
  Told told;
  ConsumerOptions options = options_for(cluster.brokers());
  options.on_error = told.listener();
  RecordingSink mistaken;
  mistaken.begins = {{0, 1'000'000}};
  RunningConsumer running{options, mistaken};
  mistaken.await_taken(10);
  told.await("offset reset (at offset 1000000");
  CHECK(mistaken.taken().front().offset == 0);
  running.stop();
}

TEST_CASE("online_store consumer: a new group begins with what comes next when it is told to") {
  MockCluster cluster{"shop", 1};
  Producer producer = producer_for(cluster);
  send(producer, 1, 0, 10);
  ConsumerOptions options = options_for(cluster.brokers());
  options.from_beginning = false;
  RecordingSink sink;
  RunningConsumer running{options, sink};
  sink.await_call("assigned 0");
  // Which one is next is settled some time after that.
  const statwire::Deadline deadline = soon();
  for (int sent = 10; sink.taken().empty(); ++sent) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    send(producer, 1, sent, sent + 1);
  }
  running.stop();
  CHECK(sink.taken().front().offset >= 10);
}

/// Two of a group, of which one leaves while events come.
void check_that_one_goes_on(const MockCluster& cluster, const ConsumerOptions& options) {
  RecordingSink staying;
  staying.knows_its_offsets = true;
  RecordingSink leaving;
  RunningConsumer first{options, staying};
  RunningConsumer second{options, leaving};
  Producer producer = producer_for(cluster);
  send(producer, 4, 0, 1000);
  staying.await_taken(2000);
  leaving.await_taken(2000);

  std::jthread sender{[&] { send(producer, 4, 1000, 21'000); }};
  leaving.await_taken(2001);
  second.stop();
  sender.join();
  staying.await_taken(84'000 - leaving.taken().size());
  first.stop();

  Places places;
  add_places(places, staying);
  add_places(places, leaving);
  CHECK(places == all_places(4, 21'000));
  CHECK(leaving.calls("lost 0") + leaving.calls("lost 1") + leaving.calls("lost 2") +
            leaving.calls("lost 3") ==
        0);
}

TEST_CASE("online_store consumer: when one of two leaves, the other goes on where it was") {
  MockCluster cluster{"shop", 4};
  check_that_one_goes_on(cluster, options_for(cluster.brokers()));
}

TEST_CASE("online_store consumer: one of two goes on in a group in which nobody gives back what he keeps") {
  MockCluster cluster{"shop", 4};
  ConsumerOptions options = options_for(cluster.brokers());
  options.properties["partition.assignment.strategy"] = "cooperative-sticky";
  check_that_one_goes_on(cluster, options);
}

TEST_CASE("online_store consumer: one that was taken for dead has lost its partitions, and commits nothing") {
  MockCluster cluster{"shop", 1};
  Producer producer = producer_for(cluster);
  send(producer, 1, 0, 100);
  ConsumerOptions options = options_for(cluster.brokers());
  options.commit_interval = 1h;
  Told told;
  options.on_error = told.listener();
  RecordingSink sink;
  RunningConsumer running{options, sink};
  sink.await_taken(100);
  cluster.fail_requests(heartbeat_request, 1, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
  sink.await_call("lost 0");
  CHECK(running.consumer().commits() == 0);
  running.stop();
  CHECK(sink.calls("revoked 0") == 0);
  CHECK_FALSE(told.has("offsets"));  // nor tries to
}

TEST_CASE("online_store consumer: a partition is lost to its sink when the offsets cannot be committed") {
  MockCluster cluster{"shop", 1};
  Producer producer = producer_for(cluster);
  send(producer, 1, 0, 100);
  ConsumerOptions options = options_for(cluster.brokers());
  options.commit_interval = 1h;
  Told told;
  options.on_error = told.listener();
  RecordingSink sink;
  RunningConsumer running{options, sink};
  sink.await_taken(100);
  cluster.fail_requests(offset_commit_request, 100, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  running.stop();
  CHECK(sink.calls("lost 0") == 1);
  CHECK(sink.calls("revoked 0") == 0);
  told.await("offsets were not committed: Broker: Topic authorization failed");
}

TEST_CASE("online_store consumer: it goes on after errors of the broker, and when the broker was away") {
  MockCluster cluster{"shop", 2};
  Producer producer = producer_for(cluster);
  cluster.fail_requests(fetch_request, 3, RD_KAFKA_RESP_ERR_UNKNOWN);
  cluster.fail_requests(offset_commit_request, 1, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  send(producer, 2, 0, 100);
  ConsumerOptions options = options_for(cluster.brokers());
  Told told;
  options.on_error = told.listener();
  RecordingSink sink;
  sink.knows_its_offsets = true;
  RunningConsumer running{options, sink};
  sink.await_taken(200);
  running.await_commit();

  const std::uint64_t errors = running.consumer().errors();
  cluster.go_down();
  running.await_errors(errors + 1);
  told.await("reading shop as conversion from " + cluster.brokers() + ": ");
  cluster.come_up();
  send(producer, 2, 100, 200);
  sink.await_taken(400);
  running.stop();
  Places places;
  add_places(places, sink);
  CHECK(places == all_places(2, 200));
}

TEST_CASE("online_store consumer: it ends when it may not read, and says where") {
  MockCluster cluster{"shop", 1};
  cluster.fail_requests(join_group_request, 1, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  RecordingSink sink;
  RunningConsumer running{options_for(cluster.brokers()), sink};
  const std::string said = "reading shop as conversion from " + cluster.brokers() +
                           ": JoinGroup failed: Broker: Group authorization failed";
  CHECK_THROWS_WITH_AS(running.await_end(), said.c_str(), KafkaError);
}

TEST_CASE("online_store consumer: a topic that is not there yet is waited for") {
  MockCluster cluster{"shop", 1};
  cluster.fail_topic(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  ConsumerOptions options = options_for(cluster.brokers());
  // No part of the 3 seconds that the group takes: librdkafka 2.0.2 joins anew when it looks for the topic at
  // the moment in which the group begins.
  options.properties["topic.metadata.refresh.interval.ms"] = "350";
  Told told;
  options.on_error = told.listener();
  RecordingSink sink;
  RunningConsumer running{options, sink};
  told.await("Unknown topic or partition");
  cluster.fail_topic(RD_KAFKA_RESP_ERR_NO_ERROR);
  Producer producer = producer_for(cluster);
  producer.send("key", "value");
  REQUIRE(producer.flush(patience) == 0);
  sink.await_taken(1);
  running.stop();
}

TEST_CASE("online_store consumer: it stops while there is no broker, or none any more") {
  ConsumerOptions options = options_for("127.0.0.1:1");  // where nobody listens
  options.commit_interval = 1h;
  RecordingSink sink;
  SUBCASE("none at all") {
    Told told;
    options.on_error = told.listener();
    RunningConsumer running{options, sink};
    told.await("Connection refused");
    running.stop();
    CHECK(sink.taken().empty());
  }
  SUBCASE("gone before the commit") {
    MockCluster cluster{"shop", 1};
    Producer producer = producer_for(cluster);
    send(producer, 1, 0, 10);
    options.brokers = cluster.brokers();
    RunningConsumer running{options, sink};
    sink.await_taken(10);
    cluster.go_down();
    running.stop();
    CHECK(sink.calls("lost 0") == 1);
  }
  SUBCASE("before the group has given it partitions") {
    MockCluster cluster{"shop", 1};
    options.brokers = cluster.brokers();
    SUBCASE("") {}
    SUBCASE("by small steps") {
      options.properties["partition.assignment.strategy"] = "cooperative-sticky";
    }
    RunningConsumer running{options, sink};
    running.stop();
    CHECK(sink.calls("assigned 0") == 0);
  }
}
