#pragma once

// Reads events from a topic of Kafka, as a member of a consumer group, and gives them to a PartitionSink: at
// least once, for offsets are committed only after the sink has said that it holds what comes before them.

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>

#include "online_store/kafka_client.hpp"
#include "online_store/kafka_reports.hpp"
#include "online_store/partition_sink.hpp"

namespace online_store {

struct ConsumerOptions {
  std::string brokers{};  ///< "host:port,host:port".
  std::string topic{};
  std::string group{};
  /// Where a group begins that has committed nothing: else with what comes next.
  bool from_beginning = true;
  std::chrono::milliseconds commit_interval{1000};  ///< So much is taken again when a consumer is killed.
  std::chrono::milliseconds commit_timeout{1000};   ///< How long partitions are held back for a commit.
  KafkaProperties properties{};   ///< As librdkafka names them; they win over what stands in consumer.cpp.
  KafkaReports::Tell on_error{};  ///< Called on the thread of run(), for troubles that it gets over, seldom.
};

/// Brokers that are away, or a topic that is not there yet, are waited for. Messages that wait for the sink
/// take 64 MiB at most (queued.max.messages.kbytes). A sink that takes longer than 5 minutes for one call
/// loses its partitions (max.poll.interval.ms).
///
/// Threads: one is in run(); the counts may be read by any.
class Consumer {
 public:
  /// Does not connect yet. Throws std::invalid_argument for properties that librdkafka does not take, and
  /// when brokers, topic or group are empty.
  Consumer(const ConsumerOptions& options, PartitionSink& sink);
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// When run() ended with an exception, leaves the group without a commit, in half a second at most. The
  /// sink is not called.
  ~Consumer();

  /// Consumes until stop is requested, then gives the partitions back (checkpoint, commit, revoked) and
  /// leaves the group. That takes a fifth of a second; without an answer from the brokers, half a second for
  /// the group, and for a commit commit_timeout as well, or twice that when they are lost in between. To be
  /// called once. Throws KafkaError when it cannot go on (no right to the topic or the group, for one), and
  /// what the sink throws.
  void run(const std::stop_token& stop);

  std::uint64_t taken() const { return taken_; }
  std::uint64_t commits() const { return commits_; }  ///< That the cluster has acknowledged.
  std::uint64_t errors() const { return reports_.count(); }

 private:
  static constexpr std::int64_t nowhere = -1;

  struct Owned {
    std::int64_t safe = nowhere;       ///< As checkpoint() said last.
    std::int64_t committed = nowhere;  ///< As the cluster acknowledged last.
    bool is_committed() const { return safe == nowhere || safe == committed; }
  };

  using Clock = KafkaReports::Clock;

  void subscribe();
  void serve_until(Clock::time_point time);
  bool serve_one(std::chrono::milliseconds timeout);
  void handle(rd_kafka_event_t* event);
  void take(rd_kafka_event_t* event);
  void rebalance(rd_kafka_event_t* event);
  void assign(const rd_kafka_topic_partition_list_t& partitions);
  void revoke(const rd_kafka_topic_partition_list_t& partitions);
  void unassign(const rd_kafka_topic_partition_list_t& partitions);
  void fail_or_report(rd_kafka_event_t* event);

  void checkpoint();
  bool needs_commit() const;

  /// To be asked before a commit when it may be that there is no broker: librdkafka would keep the commit
  /// until the session times out, and its client cannot be ended before that.
  bool reaches_cluster(std::chrono::milliseconds timeout);
  void commit();
  void await_commits();
  bool serve_commit(std::chrono::milliseconds timeout);
  void close();
  void require(rd_kafka_resp_err_t result, const char* what) const;
  void require(KafkaFailure failure, const char* what) const;

  const ConsumerOptions options_;
  PartitionSink& sink_;
  KafkaReports reports_;
  KafkaClient client_;
  KafkaQueue events_;
  KafkaQueue commit_results_;
  std::map<std::int32_t, Owned> owned_{};
  bool is_ending_ = false;  ///< Takes nothing more.
  bool is_cluster_away_ = false;
  int commits_out_ = 0;
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> commits_{0};
};

}  // namespace online_store
