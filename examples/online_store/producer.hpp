#pragma once

// Sends events to a topic of Kafka.

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "online_store/kafka_client.hpp"
#include "online_store/kafka_reports.hpp"

namespace online_store {

struct ProducerOptions {
  std::string brokers{};  ///< "host:port,host:port".
  std::string topic{};
  KafkaProperties properties{};  ///< As librdkafka names them; they win over what stands in producer.cpp.
  /// Called on the thread that sends, for troubles that it gets over, seldom.
  KafkaReports::Tell on_error{};
};

/// An event is delivered once, and in the order of its partition, however often it has to be sent: the
/// producer is idempotent, and all replicas acknowledge. It fails when that has not come about in 5 minutes
/// (message.timeout.ms).
///
/// Events wait for up to 100 ms for others, and go in compressed batches. At most 200,000 events and 64 MiB
/// wait. Threads: one sends; the counts may be read by any.
class Producer {
 public:
  /// Does not connect yet. Throws std::invalid_argument for properties that librdkafka does not take, and
  /// when there are no brokers or there is no topic.
  explicit Producer(const ProducerOptions& options);
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// What was not flushed is lost.
  ~Producer() = default;

  /// To the partition that the key leads to, as in Kafka's own clients; the key goes along.
  /// Copies the event, and waits while too many of them wait. Returns false, and has not taken it, when
  /// `stop` was requested meanwhile. A value whose data() is null is a tombstone. Throws KafkaError when the
  /// event is too large (1 MB), or when nothing can be sent any more.
  bool send(std::string_view key, std::string_view value, const std::stop_token& stop = {});

  /// To this partition, without a key; otherwise as send(). A partition that is not there counts as failed,
  /// or is thrown as soon as that is known.
  bool send_to(std::int32_t partition, std::string_view value, const std::stop_token& stop = {});

  /// Waits until all is delivered or has failed; returns how many events are still out after the time.
  std::uint64_t flush(std::chrono::milliseconds timeout);

  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t failed() const { return failed_; }  ///< These will not arrive.
  std::uint64_t errors() const { return reports_.count(); }

 private:
  bool produce(std::int32_t partition, std::string_view key, std::string_view value,
               const std::stop_token& stop);
  void serve(std::chrono::milliseconds timeout);
  void count_deliveries(rd_kafka_event_t* event);

  KafkaReports reports_;
  KafkaClient client_;
  KafkaQueue queue_;
  KafkaTopic topic_;
  std::uint64_t sent_ = 0;
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace online_store
