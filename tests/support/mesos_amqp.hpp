#pragma once

// What the tests of the collector's way to RabbitMQ share: documents called by their numbers, a publisher
// that wastes no time, and what it logged.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "mesos_collector/amqp_connection.hpp"
#include "mesos_collector/amqp_publisher.hpp"
#include "support/amqp_broker.hpp"
#include "support/loopback.hpp"
#include "support/mesos_log.hpp"

namespace statwire::test {

using Texts = std::vector<std::string>;

inline mesos_collector::AmqpOptions options_of(std::uint16_t port) {
  return {.port = port, .user = "user", .password = "secret", .vhost = "/stats", .timeout = patience};
}

inline mesos_collector::AmqpPublisherOptions publishing_to(std::uint16_t port) {
  mesos_collector::AmqpOptions broker = options_of(port);
  broker.heartbeat = std::chrono::hours{1};  // nothing is to be noticed by chance
  return {.broker = broker,
          .routing_key = "asgard.stats",
          .shortest_backoff = std::chrono::milliseconds{1},
          .longest_backoff = std::chrono::milliseconds{10}};
}

/// Documents called by their numbers.
inline void publish(mesos_collector::AmqpPublisher& publisher, int first, int last) {
  for (int number = first; number <= last; ++number) {
    publisher.publish({.task = "task " + std::to_string(number), .body = std::to_string(number)});
  }
}

inline Texts numbers(int first, int last) {
  Texts texts;
  for (int number = first; number <= last; ++number) texts.push_back(std::to_string(number));
  return texts;
}

/// What was published again, by the log.
inline Texts retries(const MesosLog& log) {
  Texts tasks;
  for (const auto& line : log.lines_of("publish_retry")) {
    CHECK(line.at("routing_key") == "asgard.stats");
    tasks.push_back(line.at("taskname").get<std::string>());
  }
  return tasks;
}

inline std::string reason_of(const mesos_collector::Json& line) {
  return line.at("exception").at("message").get<std::string>();
}

inline bool flush(mesos_collector::AmqpPublisher& publisher) {
  return publisher.flush(patience);
}

/// Publishes a document that is confirmed, after which many may be under way at once.
inline void begin(mesos_collector::AmqpPublisher& publisher) {
  publisher.publish({.task = "first", .body = "first"});
  REQUIRE(flush(publisher));
}

inline AmqpAnswer take(const AmqpPublished& published) {
  return {.bytes = amqp::ack(published.tag)};
}

inline bool contains(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

}  // namespace statwire::test
