#include "online_store/mock_cluster.hpp"

#include <stdexcept>
#include <vector>

#include "online_store/kafka_error.hpp"

namespace online_store {
namespace {

constexpr std::int32_t only_broker = 1;

void require(rd_kafka_resp_err_t result, const std::string& what) {
  if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  throw KafkaError{result, "the mock cluster cannot " + what + ": " + rd_kafka_err2str(result)};
}

}  // namespace

MockCluster::MockCluster(const std::string& topic, std::int32_t partitions)
    : topic_{topic},
      owner_{make_kafka_client(RD_KAFKA_PRODUCER, {.asked = {{"log_level", "0"}}})},
      cluster_{rd_kafka_mock_cluster_new(owner_.get(), 1)} {
  if (partitions < 1) {
    throw std::invalid_argument{"a topic has at least 1 partition, not " + std::to_string(partitions)};
  }
  if (!cluster_) throw KafkaError{RD_KAFKA_RESP_ERR__FAIL, "the mock cluster cannot listen on loopback"};
  require(rd_kafka_mock_topic_create(cluster_.get(), topic.c_str(), partitions, 1),
          "have the topic '" + topic + "' of " + std::to_string(partitions) + " partitions");
}

KafkaProperties MockCluster::group_properties() {
  // Not much less: a member is not to count as gone while it waits for those 3 seconds.
  return {{"session.timeout.ms", "4000"}, {"heartbeat.interval.ms", "300"}};
}

void MockCluster::fail_requests(std::int16_t kind, std::size_t times, rd_kafka_resp_err_t error) {
  const std::vector<rd_kafka_resp_err_t> errors(times, error);
  rd_kafka_mock_push_request_errors_array(cluster_.get(), kind, errors.size(), errors.data());
}

void MockCluster::fail_topic(rd_kafka_resp_err_t error) {
  rd_kafka_mock_topic_set_error(cluster_.get(), topic_.c_str(), error);
}

void MockCluster::go_down() {
  require(rd_kafka_mock_broker_set_down(cluster_.get(), only_broker), "go down");
}

void MockCluster::come_up() {
  require(rd_kafka_mock_broker_set_up(cluster_.get(), only_broker), "come up");
}

}  // namespace online_store
