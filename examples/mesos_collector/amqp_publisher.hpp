#pragma once

// Keeps documents until RabbitMQ has confirmed them, on a thread and a connection of its own.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <statwire/transport/backoff.hpp>
#include <string>
#include <thread>

#include "mesos_collector/amqp_connection.hpp"
#include "mesos_collector/document_queue.hpp"
#include "mesos_collector/document_sink.hpp"
#include "mesos_collector/log.hpp"

namespace mesos_collector {

struct AmqpPublisherOptions {
  AmqpOptions broker{};
  std::string routing_key{};             ///< The name of a queue, up to 255 bytes.
  bool persistent = false;               ///< Whether documents outlive the broker, in a queue that does.
  std::size_t queue_capacity = 100'000;  ///< Documents.
  std::size_t window = 256;              ///< Documents that are not confirmed at once; at least 1.
  std::chrono::milliseconds shortest_backoff{100};
  std::chrono::milliseconds longest_backoff{30'000};
};

/// published == confirmed + dropped + waiting, at any time.
struct AmqpStats {
  std::uint64_t published = 0;  ///< Given to publish().
  std::uint64_t confirmed = 0;
  std::uint64_t dropped = 0;  ///< The queue was full.
  std::uint64_t retried = 0;  ///< Sent again; each of them is a line of the log.
  std::size_t waiting = 0;    ///< Not confirmed yet.
};

/// Documents are sent in the order in which they came, and again, with a line in the log, when the broker has
/// refused them or was lost before it confirmed them. After a trouble only one is sent until the broker has
/// confirmed it. Lines of the log, besides `publish_retry`:
/// * `publish` with an exception, when the broker is away, has no such queue, refuses or takes nothing: once
///   for each reason;
/// * `publish_resumed`, when it is over, and what had to be sent again is confirmed;
/// * `publish_dropped`, when the queue is full, and again only after half of it had left;
///   this and the one before say how many were `dropped` so far;
/// * `publish_abandoned`, when documents are left at the end.
class AmqpPublisher : public DocumentSink {
 public:
  /// Begins to connect. Throws std::invalid_argument for options out of range. The log outlives this.
  AmqpPublisher(AmqpPublisherOptions options, Log& log);
  AmqpPublisher(const AmqpPublisher&) = delete;
  AmqpPublisher& operator=(const AmqpPublisher&) = delete;

  /// Does not flush. Takes half a second when the broker does not answer the goodbye.
  ~AmqpPublisher() override;

  /// Any thread; never waits for the broker.
  void publish(OutgoingDocument document) override;

  /// Waits until all is confirmed; returns false when the time is over first. Any thread.
  bool flush(std::chrono::milliseconds timeout);

  /// Any thread.
  AmqpStats stats() const;

 private:
  void run();
  void serve();
  bool send_next();
  void settle(const Confirm& confirm);
  void lose_connection(const Failure& failure);
  std::chrono::milliseconds time_to_wait() const;
  std::chrono::milliseconds next_pause();
  void report(const Failure& failure);
  void report_end_of_trouble();
  bool is_well() const;
  bool is_stopping() const;

  const AmqpPublisherOptions options_;
  const std::string address_;
  Log& log_;
  AmqpConnection connection_;

  mutable std::mutex mutex_;  ///< Of these.
  std::condition_variable changed_;
  DocumentQueue queue_;
  AmqpStats stats_;
  bool is_stopping_ = false;
  bool has_ended_ = false;
  bool is_overflowing_ = false;

  statwire::detail::Backoff backoff_;  ///< This and the following are of the thread.
  statwire::Deadline not_before_{};    ///< When to send again after a refusal; 0: something was sent since.
  bool is_trusted_ = false;            ///< The broker has confirmed something since the last trouble.
  std::optional<Failure> trouble_;     ///< What the log has been told of.
  std::thread thread_;
};

}  // namespace mesos_collector
