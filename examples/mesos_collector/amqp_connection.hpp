#pragma once

// A connection to RabbitMQ (AMQP 0-9-1) that publishes to the default exchange and is told what the broker
// has taken: librabbitmq's objects, with a time limit on what they wait for and errors as exceptions.

#include <amqp.h>
#include <sys/time.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "mesos_collector/document_queue.hpp"
#include "mesos_collector/failure.hpp"
#include "mesos_collector/wakeable_socket.hpp"

namespace mesos_collector {

struct AmqpOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5672;
  std::string user = "guest";
  std::string password = "guest";
  std::string vhost = "/";                  ///< Up to 255 bytes.
  std::chrono::seconds heartbeat{60};       ///< Of 0 to 65535; the broker may ask for less. 0: none.
  std::chrono::milliseconds timeout{5000};  ///< Until a connection can be used.
};

/// The broker is away, or has ended the connection. Its type is `connect_failed`, `timeout` or `rabbitmq`.
class AmqpError : public std::runtime_error {
 public:
  explicit AmqpError(Failure failure) : std::runtime_error{failure.message}, failure_{std::move(failure)} {}

  const Failure& failure() const { return failure_; }

 private:
  Failure failure_;
};

/// What the broker has said of documents.
struct Confirm {
  std::uint64_t tag = 0;  ///< Documents are counted from 1 on each connection.
  Scope scope = Scope::one;
  bool is_taken = true;  ///< Or refused.

  bool operator==(const Confirm&) const = default;
};

/// One thread uses it; wake() and interrupt() are for the others. After an AmqpError it is closed, and may be
/// opened again.
class AmqpConnection {
 public:
  /// Called by publish(), wait() and close() for each confirm as it is read: none is lost with the
  /// connection.
  using OnConfirm = std::function<void(const Confirm&)>;

  /// Not opened yet. Throws std::invalid_argument for options out of range.
  AmqpConnection(AmqpOptions options, OnConfirm on_confirm);

  /// Connects, logs in and asks for confirms, on a channel. Throws AmqpError, also when the broker has no
  /// queue of that name, up to 255 bytes: it would confirm documents for it, and throw them away.
  void open(const std::string& queue);

  /// Sends a document to the queue of that name, up to 255 bytes. Waits while the broker reads nothing, for
  /// up to two heartbeats unless the broker sends some. Throws AmqpError; then it is not known whether it was
  /// sent.
  void publish(const std::string& routing_key, const std::string& body, bool is_persistent);

  /// Waits until something comes, at most that long, and keeps the connection alive meanwhile. Returns early
  /// after a wake(), and now and then. Throws AmqpError.
  void wait(std::chrono::milliseconds timeout);

  /// Why the broker takes no documents for now; empty when it does.
  const std::string& blocked() const { return blocked_; }

  /// Says goodbye and waits for the answer, as long as for that of any request.
  void close();

  /// Has wait() return, the one under way or the next. Any thread.
  void wake() { socket_.wake(); }

  /// Has every call throw, the one under way and those to come. Any thread.
  void interrupt() { socket_.interrupt(); }

 private:
  struct Destroy {
    void operator()(amqp_connection_state_t state) const { amqp_destroy_connection(state); }
  };

  int connect(statwire::Deadline deadline);
  void log_in(statwire::Deadline deadline);
  void open_channel(const std::string& queue, statwire::Deadline deadline);
  bool read_frames();
  int read_frame();
  void read_method(const amqp_frame_t& frame);
  void check(const amqp_rpc_reply_t& reply, const std::string& what);
  [[noreturn]] void fail(int status, int error, const std::string& what);
  [[noreturn]] void fail(Failure failure);

  AmqpOptions options_;
  OnConfirm on_confirm_;
  WakeableSocket socket_;
  std::unique_ptr<amqp_connection_state_t_, Destroy> state_;
  std::string blocked_;
};

}  // namespace mesos_collector
