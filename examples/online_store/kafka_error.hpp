#pragma once

// What librdkafka could not do, as an exception.

#include <librdkafka/rdkafka.h>

#include <stdexcept>
#include <string>

namespace online_store {

/// what() says what was tried, where (brokers, topic), and what became of it.
class KafkaError : public std::runtime_error {
 public:
  KafkaError(rd_kafka_resp_err_t code, const std::string& text) : std::runtime_error{text}, code_{code} {}

  rd_kafka_resp_err_t code() const { return code_; }

 private:
  rd_kafka_resp_err_t code_;
};

}  // namespace online_store
