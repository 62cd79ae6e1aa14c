#include "online_store/producer.hpp"

#include <stdexcept>

#include "online_store/kafka_error.hpp"

namespace online_store {
namespace {

using Clock = std::chrono::steady_clock;

KafkaClient make_client(const ProducerOptions& options) {
  if (options.brokers.empty()) throw std::invalid_argument{"a producer needs a broker"};
  if (options.topic.empty()) throw std::invalid_argument{"a producer needs a topic"};
  return make_kafka_client(
      RD_KAFKA_PRODUCER,
      {.defaults = {{"linger.ms", "100"},
                    {"compression.codec", "lz4"},
                    {"partitioner", "murmur2_random"},  // as the clients in Java
                    {"queue.buffering.max.messages", "200000"},
                    {"queue.buffering.max.kbytes", "65536"}},
       .asked = options.properties,
       .fixed = {{"bootstrap.servers", options.brokers}, {"enable.idempotence", "true"}, {"acks", "all"}},
       .events = RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG});
}

}  // namespace

Producer::Producer(const ProducerOptions& options)
    : reports_{"sending to " + options.topic + " at " + options.brokers, options.on_error},
      client_{make_client(options)},
      queue_{rd_kafka_queue_get_main(client_.get())},
      topic_{rd_kafka_topic_new(client_.get(), options.topic.c_str(), nullptr)} {
  if (!topic_) throw std::invalid_argument{"librdkafka does not take the topic '" + options.topic + "'"};
  rd_kafka_set_log_queue(client_.get(), queue_.get());
}

bool Producer::send(std::string_view key, std::string_view value, const std::stop_token& stop) {
  return produce(RD_KAFKA_PARTITION_UA, key, value, stop);
}

bool Producer::send_to(std::int32_t partition, std::string_view value, const std::stop_token& stop) {
  return produce(partition, {}, value, stop);
}

bool Producer::produce(std::int32_t partition, std::string_view key, std::string_view value,
                       const std::stop_token& stop) {
  // RD_KAFKA_MSG_F_COPY: librdkafka does not change what it is given as void*.
  while (rd_kafka_produce(topic_.get(), partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                          value.size(), key.data(), key.size(), nullptr) != 0) {
    const rd_kafka_resp_err_t error = rd_kafka_last_error();
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      throw KafkaError{error, reports_.located(rd_kafka_err2str(error))};
    }
    if (stop.stop_requested()) return false;
    const std::stop_callback wake{stop, [this] { rd_kafka_queue_yield(queue_.get()); }};
    serve(std::chrono::hours{1});  // room comes with the report of a delivery
  }
  ++sent_;
  serve(std::chrono::milliseconds{0});
  return true;
}

std::uint64_t Producer::flush(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  const auto out = [this] { return sent_ - delivered_ - failed_; };
  while (out() != 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) break;
    serve(left);
  }
  return out();
}

void Producer::serve(std::chrono::milliseconds timeout) {
  const KafkaEvent event{rd_kafka_queue_poll(queue_.get(), static_cast<int>(timeout.count()))};
  if (!event) return;
  switch (rd_kafka_event_type(event.get())) {
    case RD_KAFKA_EVENT_DR:
      count_deliveries(event.get());
      break;
    case RD_KAFKA_EVENT_LOG:
      reports_.add_log(event.get());
      break;
    case RD_KAFKA_EVENT_ERROR:
      reports_.add(rd_kafka_err2name(rd_kafka_event_error(event.get())),
                   rd_kafka_event_error_string(event.get()));
      break;
    default:
      break;
  }
}

void Producer::count_deliveries(rd_kafka_event_t* event) {
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++delivered_;
      continue;
    }
    ++failed_;
    reports_.add(std::string{"delivery "} + rd_kafka_err2name(message->err),
                 std::string{"an event was not delivered: "} + rd_kafka_err2str(message->err));
  }
}

}  // namespace online_store
