#pragma once

// A Kafka cluster of one broker within this process, so that nothing has to be installed: librdkafka's own,
// made for its tests. It listens on loopback, and other processes can use it as well.
//
// What it keeps (librdkafka 2.0.2): of each partition the newest batches, up to 5 MiB as they were sent, that
// is compressed, and up to 100,000 batches. Older ones are dropped without a word, and a consumer that asks
// for them begins at the oldest that is left. So 1,000,000 events of 70 bytes, of which no part repeats, need
// 16 partitions: together they keep 80 MiB, and these take 77 million bytes with what Kafka adds; keys take
// room as well. Events that can be compressed take less: lz4, which the Producer uses, leaves about three
// quarters of a shop's, zstd about a half. All is in memory.
//
// What it does otherwise than a real one:
// - The first member of an empty group waits for 3 seconds to be given partitions.
// - Each later change of the group takes the session timeout of the members less a second, and so long after
//   the timeout does one that was killed count as gone: group_properties() makes both short.
// - Offsets that are committed while members come and go are refused, where a real one takes them.
// - The batches of an idempotent producer are not checked.

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "online_store/kafka_client.hpp"

namespace online_store {

/// Answers for as long as it lives. Threads: every member function may be called from any number of threads.
class MockCluster {
 public:
  static constexpr std::size_t kept_bytes_of_partition = 5 << 20;

  /// Throws KafkaError, and std::invalid_argument without a partition.
  MockCluster(const std::string& topic, std::int32_t partitions);

  /// "127.0.0.1:port".
  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_.get()); }

  /// For consumers: a member that was killed is given up after 3 seconds, and others have its partitions
  /// after 2 more. A real cluster may refuse as little.
  static KafkaProperties group_properties();

  /// Requests of a kind, by Kafka's number (0 Produce, 1 Fetch, 8 OffsetCommit, 11 JoinGroup), get an error
  /// as often as is said.
  void fail_requests(std::int16_t kind, std::size_t times, rd_kafka_resp_err_t error);

  /// Whoever looks for the topic gets this error from now on; RD_KAFKA_RESP_ERR_NO_ERROR ends that.
  void fail_topic(rd_kafka_resp_err_t error);

  /// Closes all connections, and refuses new ones.
  void go_down();

  /// Is there again, on the same port, with what it kept.
  void come_up();

 private:
  std::string topic_;
  KafkaClient owner_;  ///< Connects to nothing; librdkafka wants one.
  std::unique_ptr<rd_kafka_mock_cluster_t, EndedBy<rd_kafka_mock_cluster_destroy>> cluster_;
};

}  // namespace online_store
