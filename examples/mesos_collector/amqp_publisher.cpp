#include "mesos_collector/amqp_publisher.hpp"

#include <algorithm>
#include <statwire/detail/random.hpp>
#include <stdexcept>
#include <utility>

namespace mesos_collector {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

AmqpPublisherOptions checked(AmqpPublisherOptions options) {
  constexpr std::size_t longest_short_string = 255;
  if (options.routing_key.size() > longest_short_string) {
    throw std::invalid_argument{"a routing key has up to 255 bytes, not " +
                                std::to_string(options.routing_key.size())};
  }
  options.window = std::max<std::size_t>(options.window, 1);
  return options;
}

}  // namespace

AmqpPublisher::AmqpPublisher(AmqpPublisherOptions options, Log& log)
    : options_{checked(std::move(options))},
      address_{options_.broker.host + ":" + std::to_string(options_.broker.port)},
      log_{log},
      connection_{options_.broker, [this](const Confirm& confirm) { settle(confirm); }},
      queue_{options_.queue_capacity},
      backoff_{options_.shortest_backoff, options_.longest_backoff},
      thread_{[this] { run(); }} {}

AmqpPublisher::~AmqpPublisher() {
  {
    std::unique_lock lock{mutex_};
    is_stopping_ = true;
    changed_.notify_all();
    connection_.wake();
    constexpr milliseconds time_for_goodbye{500};
    changed_.wait_for(lock, time_for_goodbye, [this] { return has_ended_; });
  }
  connection_.interrupt();
  thread_.join();
}

void AmqpPublisher::publish(OutgoingDocument document) {
  bool begins_to_overflow = false;
  bool was_idle = false;
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock{mutex_};
    ++stats_.published;
    was_idle = queue_.waiting() == 0;
    if (!queue_.push(std::move(document))) {
      dropped = ++stats_.dropped;
      begins_to_overflow = !std::exchange(is_overflowing_, true);
    }
  }
  if (was_idle) connection_.wake();
  if (begins_to_overflow) {
    log_.event("publish_dropped",
               {{"rabbitmq", address_}, {"queue_capacity", options_.queue_capacity}, {"dropped", dropped}});
  }
}

bool AmqpPublisher::flush(milliseconds timeout) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, timeout, [this] { return queue_.size() == 0; });
}

AmqpStats AmqpPublisher::stats() const {
  const std::lock_guard lock{mutex_};
  AmqpStats stats = stats_;
  stats.waiting = queue_.size();
  return stats;
}

void AmqpPublisher::run() {
  while (!is_stopping()) {
    try {
      connection_.open(options_.routing_key);
      serve();
    } catch (const AmqpError& error) {
      lose_connection(error.failure());
    }
  }
  const std::size_t left = stats().waiting;
  if (left != 0) log_.event("publish_abandoned", {{"rabbitmq", address_}, {"documents", left}});
  const std::lock_guard lock{mutex_};
  has_ended_ = true;
  changed_.notify_all();
}

/// Returns when it is to stop.
void AmqpPublisher::serve() {
  while (!is_stopping()) {
    if (!connection_.blocked().empty()) {
      report({.type = "rabbitmq", .message = connection_.blocked()});
    } else if (is_well()) {
      report_end_of_trouble();
    }
    while (send_next()) {
    }
    connection_.wait(time_to_wait());
  }
  connection_.close();
}

/// Returns false when nothing may be sent for now.
bool AmqpPublisher::send_next() {
  if (!connection_.blocked().empty() || Clock::now() < not_before_) return false;
  std::optional<DocumentQueue::Outgoing> next;
  {
    const std::lock_guard lock{mutex_};
    // A broker that may be out of order is tried with one document: not many of them would be sent twice.
    if (is_stopping_ || queue_.in_flight() >= (is_trusted_ ? options_.window : 1)) return false;
    next = queue_.send_next();
    if (!next) return false;
    if (next->is_retry) ++stats_.retried;
  }
  not_before_ = {};
  const OutgoingDocument& document = *next->document;  // stays: only this thread has it leave
  if (next->is_retry) {
    log_.event("publish_retry", {{"taskname", document.task}, {"routing_key", options_.routing_key}});
  }
  connection_.publish(options_.routing_key, document.body, options_.persistent);
  return true;
}

void AmqpPublisher::settle(const Confirm& confirm) {
  is_trusted_ = confirm.is_taken;
  if (confirm.is_taken) {
    const std::lock_guard lock{mutex_};
    const std::size_t returned = queue_.returned();
    stats_.confirmed += queue_.acknowledge(confirm.tag, confirm.scope);
    // What is taken besides says nothing of what was refused.
    if (returned == 0 || queue_.returned() < returned) backoff_.succeeded();
    if (queue_.size() <= options_.queue_capacity / 2) is_overflowing_ = false;
    if (queue_.size() == 0) changed_.notify_all();
    return;
  }
  // Many that were under way together may be refused: that is one trouble.
  if (not_before_ == statwire::Deadline{}) not_before_ = Clock::now() + next_pause();
  {
    const std::lock_guard lock{mutex_};
    queue_.refuse(confirm.tag, confirm.scope);
  }
  report({.type = "rabbitmq", .message = "the broker has refused a document"});
}

void AmqpPublisher::lose_connection(const Failure& failure) {
  is_trusted_ = false;
  not_before_ = {};
  {
    const std::lock_guard lock{mutex_};
    queue_.take_back();
    if (is_stopping_) return;
  }
  report(failure);
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, next_pause(), [this] { return is_stopping_; });
}

milliseconds AmqpPublisher::time_to_wait() const {
  const auto left = std::chrono::ceil<milliseconds>(not_before_ - Clock::now());
  return left.count() > 0 ? left : std::chrono::hours{1};
}

/// Between half of it and all: collectors that have lost the same broker do not come back all at once.
milliseconds AmqpPublisher::next_pause() {
  const milliseconds half = backoff_.next_pause() / 2;
  const auto some = statwire::detail::random_bits() % (static_cast<std::uint64_t>(half.count()) + 1);
  return half + milliseconds{some};
}

void AmqpPublisher::report(const Failure& failure) {
  if (trouble_ == failure) return;
  trouble_ = failure;
  log_.failure("publish", "rabbitmq", address_, failure);
}

void AmqpPublisher::report_end_of_trouble() {
  if (!trouble_) return;
  trouble_.reset();
  const AmqpStats now = stats();
  log_.event("publish_resumed", {{"rabbitmq", address_}, {"waiting", now.waiting}, {"dropped", now.dropped}});
}

bool AmqpPublisher::is_well() const {
  const std::lock_guard lock{mutex_};
  return queue_.size() == 0 || (is_trusted_ && queue_.returned() == 0);
}

bool AmqpPublisher::is_stopping() const {
  const std::lock_guard lock{mutex_};
  return is_stopping_;
}

}  // namespace mesos_collector
