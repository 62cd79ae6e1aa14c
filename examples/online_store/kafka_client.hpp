#pragma once

// What the producer, the consumer and the mock cluster share of librdkafka: its objects, each with the
// function that ends it, and the making of a client from properties.
//
// Clients are driven by events, which are asked for, and not by callbacks: an exception of ours need never go
// through a function of librdkafka.

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <string>

namespace online_store {

template <auto end>
struct EndedBy {
  template <class Object>
  void operator()(Object* object) const {
    end(object);
  }
};

/// Without saying goodbye: consumers have left their group before, or cannot.
inline void end_client(rd_kafka_t* client) {
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

using KafkaClient = std::unique_ptr<rd_kafka_t, EndedBy<end_client>>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, EndedBy<rd_kafka_queue_destroy>>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, EndedBy<rd_kafka_event_destroy>>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, EndedBy<rd_kafka_topic_destroy>>;
using KafkaFailure = std::unique_ptr<rd_kafka_error_t, EndedBy<rd_kafka_error_destroy>>;
using KafkaPartitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, EndedBy<rd_kafka_topic_partition_list_destroy>>;

/// Settings of librdkafka by name; its manual (CONFIGURATION.md) lists them.
using KafkaProperties = std::map<std::string, std::string>;

struct KafkaClientSettings {
  KafkaProperties defaults{};  ///< Give way to what was asked for.
  KafkaProperties asked{};     ///< By the user.
  KafkaProperties fixed{};     ///< What the code relies on; to ask for one of these is refused.
  int events = 0;              ///< RD_KAFKA_EVENT_...: what comes through the queues.
};

/// Nothing is connected yet. Logs, of warnings and worse, come as events. Throws std::invalid_argument that
/// names the property and the value that librdkafka does not take.
KafkaClient make_kafka_client(rd_kafka_type_t type, const KafkaClientSettings& settings);

}  // namespace online_store
