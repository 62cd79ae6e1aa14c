#include "online_store/consumer.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <string_view>

#include "online_store/kafka_error.hpp"

namespace online_store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_leave{500};
constexpr milliseconds longest_look{500};

KafkaClient make_client(const ConsumerOptions& options) {
  if (options.brokers.empty()) throw std::invalid_argument{"a consumer needs a broker"};
  if (options.topic.empty()) throw std::invalid_argument{"a consumer needs a topic"};
  if (options.group.empty()) throw std::invalid_argument{"a consumer needs a group"};
  return make_kafka_client(
      RD_KAFKA_CONSUMER,
      {.defaults =
           {// A topic that is made later is found in this time.
            {"topic.metadata.refresh.interval.ms", "10000"},
            // Real brokers answer at once when there is something; the mock cluster lets this time pass.
            {"fetch.wait.max.ms", "100"}},
       .asked = options.properties,
       .fixed = {{"bootstrap.servers", options.brokers},
                 {"group.id", options.group},
                 {"auto.offset.reset", options.from_beginning ? "earliest" : "latest"},
                 {"enable.auto.commit", "false"},
                 {"enable.auto.offset.store", "false"}},
       .events = RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                 RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG});
}

std::span<rd_kafka_topic_partition_t> elements(const rd_kafka_topic_partition_list_t& partitions) {
  return {partitions.elems, static_cast<std::size_t>(partitions.cnt)};
}

milliseconds left_until(KafkaReports::Clock::time_point time) {
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(time - KafkaReports::Clock::now()));
}

KafkaEvent poll(const KafkaQueue& queue, milliseconds timeout) {
  return KafkaEvent{rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count()))};
}

/// What trying again does not help against.
bool is_hopeless(rd_kafka_event_t* event) {
  constexpr std::array hopeless{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
                                RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
                                RD_KAFKA_RESP_ERR_INVALID_GROUP_ID,
                                RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL,
                                RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
                                RD_KAFKA_RESP_ERR__FATAL};
  return rd_kafka_event_error_is_fatal(event) != 0 ||
         std::ranges::find(hopeless, rd_kafka_event_error(event)) != hopeless.end();
}

bool is_cooperative(rd_kafka_t* client) {
  return rd_kafka_rebalance_protocol(client) == std::string_view{"COOPERATIVE"};
}

}  // namespace

Consumer::Consumer(const ConsumerOptions& options, PartitionSink& sink)
    : options_{options},
      sink_{sink},
      reports_{"reading " + options.topic + " as " + options.group + " from " + options.brokers,
               options.on_error},
      client_{make_client(options)} {
  // All that happens comes through one queue.
  rd_kafka_poll_set_consumer(client_.get());
  events_.reset(rd_kafka_queue_get_consumer(client_.get()));
  rd_kafka_set_log_queue(client_.get(), events_.get());
  commit_results_.reset(rd_kafka_queue_new(client_.get()));
}

Consumer::~Consumer() {
  const KafkaFailure failure{rd_kafka_consumer_close_queue(client_.get(), events_.get())};
  if (failure) return;  // has left already, or was thrown out
  const auto deadline = Clock::now() + longest_leave;
  while (rd_kafka_consumer_closed(client_.get()) == 0 && Clock::now() < deadline) {
    const KafkaEvent event = poll(events_, left_until(deadline));
    if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_REBALANCE) continue;
    rd_kafka_assign(client_.get(), nullptr);
  }
}

void Consumer::run(const std::stop_token& stop) {
  subscribe();
  const std::stop_callback wake{stop, [this] { rd_kafka_queue_yield(events_.get()); }};
  auto next = Clock::now() + options_.commit_interval;
  while (!stop.stop_requested()) {
    serve_until(next);
    if (Clock::now() < next) continue;
    checkpoint();
    while (serve_commit(milliseconds{0})) {
    }
    if (commits_out_ == 0 && needs_commit() && (!is_cluster_away_ || reaches_cluster(longest_look))) commit();
    next = Clock::now() + options_.commit_interval;
  }
  close();
}

void Consumer::subscribe() {
  const KafkaPartitions topics{rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(topics.get(), options_.topic.c_str(), RD_KAFKA_PARTITION_UA);
  require(rd_kafka_subscribe(client_.get(), topics.get()), "cannot subscribe");
}

void Consumer::serve_until(Clock::time_point time) {
  constexpr int looks_at_clock_after = 1000;
  if (!serve_one(left_until(time))) return;
  for (int i = 0; i < looks_at_clock_after && serve_one(milliseconds{0}); ++i) {
  }
}

bool Consumer::serve_one(milliseconds timeout) {
  const KafkaEvent event = poll(events_, timeout);
  if (!event) return false;
  handle(event.get());
  return true;
}

void Consumer::handle(rd_kafka_event_t* event) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_FETCH:
      if (!is_ending_) take(event);
      break;
    case RD_KAFKA_EVENT_REBALANCE:
      rebalance(event);
      break;
    case RD_KAFKA_EVENT_ERROR:
      fail_or_report(event);
      break;
    case RD_KAFKA_EVENT_LOG:
      reports_.add_log(event);
      break;
    default:
      break;
  }
}

void Consumer::take(rd_kafka_event_t* event) {
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
    sink_.take(message->partition, message->offset,
               std::string_view{static_cast<const char*>(message->payload), message->len});
    // Nobody else writes.
    taken_.store(taken_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
}

void Consumer::fail_or_report(rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  const char* text = rd_kafka_event_error_string(event);
  if (is_hopeless(event)) throw KafkaError{error, reports_.located(text)};
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) is_cluster_away_ = true;
  reports_.add(rd_kafka_err2name(error), text);
}

void Consumer::rebalance(rd_kafka_event_t* event) {
  const rd_kafka_topic_partition_list_t& partitions = *rd_kafka_event_topic_partition_list(event);
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assign(partitions);
  } else {
    revoke(partitions);
  }
}

void Consumer::assign(const rd_kafka_topic_partition_list_t& partitions) {
  const KafkaPartitions begins{rd_kafka_topic_partition_list_copy(&partitions)};
  for (rd_kafka_topic_partition_t& partition : elements(*begins)) {
    owned_[partition.partition] = {};
    if (const auto offset = sink_.assigned(partition.partition)) partition.offset = *offset;
  }
  if (is_cooperative(client_.get())) {
    require(KafkaFailure{rd_kafka_incremental_assign(client_.get(), begins.get())}, "cannot take partitions");
  } else {
    require(rd_kafka_assign(client_.get(), begins.get()), "cannot take partitions");
  }
}

void Consumer::revoke(const rd_kafka_topic_partition_list_t& partitions) {
  const bool is_lost = rd_kafka_assignment_lost(client_.get()) != 0;
  if (!is_lost) {
    checkpoint();
    if (needs_commit() && reaches_cluster(is_cluster_away_ ? longest_look : options_.commit_timeout))
      commit();
    await_commits();
  }
  unassign(partitions);
  for (const rd_kafka_topic_partition_t& partition : elements(partitions)) {
    const auto place = owned_.find(partition.partition);
    if (place == owned_.end()) continue;
    const bool is_committed = !is_lost && place->second.is_committed();
    owned_.erase(place);
    if (is_committed) {
      sink_.revoked(partition.partition);
    } else {
      sink_.lost(partition.partition);
    }
  }
}

void Consumer::unassign(const rd_kafka_topic_partition_list_t& partitions) {
  if (is_cooperative(client_.get())) {
    require(KafkaFailure{rd_kafka_incremental_unassign(client_.get(), &partitions)},
            "cannot give partitions back");
  } else {
    require(rd_kafka_assign(client_.get(), nullptr), "cannot give partitions back");
  }
}

void Consumer::checkpoint() {
  for (const auto& [partition, offset] : sink_.checkpoint()) {
    const auto place = owned_.find(partition);
    if (place != owned_.end()) place->second.safe = offset;
  }
}

bool Consumer::needs_commit() const {
  return std::ranges::any_of(owned_, [](const auto& known) { return !known.second.is_committed(); });
}

bool Consumer::reaches_cluster(milliseconds timeout) {
  const rd_kafka_metadata_t* known = nullptr;
  const rd_kafka_resp_err_t result =
      rd_kafka_metadata(client_.get(), 0, nullptr, &known, static_cast<int>(timeout.count()));
  is_cluster_away_ = result != RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!is_cluster_away_) rd_kafka_metadata_destroy(known);
  return !is_cluster_away_;
}

void Consumer::commit() {
  const KafkaPartitions offsets{rd_kafka_topic_partition_list_new(static_cast<int>(owned_.size()))};
  for (const auto& [partition, owned] : owned_) {
    if (owned.is_committed()) continue;
    rd_kafka_topic_partition_list_add(offsets.get(), options_.topic.c_str(), partition)->offset = owned.safe;
  }
  require(rd_kafka_commit_queue(client_.get(), offsets.get(), commit_results_.get(), nullptr, nullptr),
          "cannot commit");
  ++commits_out_;
}

void Consumer::await_commits() {
  const auto deadline = Clock::now() + options_.commit_timeout;
  while (commits_out_ > 0 && serve_commit(left_until(deadline))) {
  }
  if (commits_out_ > 0) {
    reports_.add("commit", "offsets were not acknowledged in " +
                               std::to_string(options_.commit_timeout.count()) +
                               " ms: some events will be taken again");
  }
}

bool Consumer::serve_commit(milliseconds timeout) {
  const KafkaEvent event = poll(commit_results_, timeout);
  if (!event) return false;
  --commits_out_;
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    reports_.add(rd_kafka_err2name(error),
                 std::string{"offsets were not committed: "} + rd_kafka_err2str(error));
    return true;
  }
  ++commits_;
  for (const auto& offset : elements(*rd_kafka_event_topic_partition_list(event.get()))) {
    const auto place = owned_.find(offset.partition);
    if (place != owned_.end() && offset.err == RD_KAFKA_RESP_ERR_NO_ERROR)
      place->second.committed = offset.offset;
  }
  return true;
}

void Consumer::close() {
  is_ending_ = true;
  require(KafkaFailure{rd_kafka_consumer_close_queue(client_.get(), events_.get())},
          "cannot leave the group");
  auto deadline = Clock::now() + longest_leave;
  while (rd_kafka_consumer_closed(client_.get()) == 0 && Clock::now() < deadline) {
    const bool owned_some = !owned_.empty();
    serve_one(left_until(deadline));
    // The commit has a time of its own.
    if (owned_some && owned_.empty()) deadline = Clock::now() + longest_leave;
  }
}

void Consumer::require(rd_kafka_resp_err_t result, const char* what) const {
  if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  throw KafkaError{result, reports_.located(what) + ": " + rd_kafka_err2str(result)};
}

void Consumer::require(KafkaFailure failure, const char* what) const {
  if (!failure) return;
  throw KafkaError{rd_kafka_error_code(failure.get()),
                   reports_.located(what) + ": " + rd_kafka_error_string(failure.get())};
}

}  // namespace online_store
