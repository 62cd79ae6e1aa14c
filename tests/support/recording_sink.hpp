#pragma once

// A sink that remembers what a consumer of the online store calls, and a consumer that runs on a thread of
// its own.

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "online_store/consumer.hpp"
#include "online_store/partition_sink.hpp"
#include "support/loopback.hpp"

namespace statwire::test {

class RecordingSink : public online_store::PartitionSink {
 public:
  struct Taken {
    std::int32_t partition;
    std::int64_t offset;
    std::string value;
    bool is_tombstone;
  };

  /// To be set before the consumer runs.
  std::map<std::int32_t, std::int64_t> begins{};  ///< What assigned() answers, until something was taken.
  bool knows_its_offsets = false;                 ///< Whether assigned() answers after that.
  std::int64_t holds_until = std::numeric_limits<std::int64_t>::max();  ///< No checkpoint goes beyond.
  std::function<void(const std::string& value)> on_take{};

  std::optional<std::int64_t> assigned(std::int32_t partition) override {
    note("assigned", partition);
    const std::lock_guard lock{mutex_};
    const auto& known = knows_its_offsets && next_.contains(partition) ? next_ : begins;
    const auto place = known.find(partition);
    return place == known.end() ? std::nullopt : std::optional{place->second};
  }

  void take(std::int32_t partition, std::int64_t offset, std::string_view value) override {
    if (on_take) on_take(std::string{value});
    const std::lock_guard lock{mutex_};
    taken_.push_back({partition, offset, std::string{value}, value.data() == nullptr});
    next_[partition] = offset + 1;
    changed_.notify_all();
  }

  std::map<std::int32_t, std::int64_t> checkpoint() override {
    const std::lock_guard lock{mutex_};
    std::map<std::int32_t, std::int64_t> held = next_;
    for (auto& [partition, offset] : held) offset = std::min(offset, holds_until);
    return held;
  }

  void revoked(std::int32_t partition) override { note("revoked", partition); }
  void lost(std::int32_t partition) override { note("lost", partition); }

  /// The calls but take() and checkpoint(): "assigned 0".
  std::size_t calls(const std::string& call) const {
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(std::ranges::count(calls_, call));
  }

  std::vector<Taken> taken() const {
    const std::lock_guard lock{mutex_};
    return taken_;
  }

  /// The test fails when it does not come to that.
  void await_call(const std::string& call, std::size_t times = 1) {
    await(call, [&] { return static_cast<std::size_t>(std::ranges::count(calls_, call)) >= times; });
  }
  void await_taken(std::size_t events) {
    await("events", [&] { return taken_.size() >= events; });
  }

 private:
  void note(const std::string& call, std::int32_t partition) {
    const std::lock_guard lock{mutex_};
    calls_.push_back(call + " " + std::to_string(partition));
    changed_.notify_all();
  }

  template <class Condition>
  void await(const std::string& what, Condition condition) {
    std::unique_lock lock{mutex_};
    const bool is_there = changed_.wait_until(lock, soon(), condition);
    REQUIRE_MESSAGE(is_there, "not there in time: " << what << ", after " << taken_.size() << " events");
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_{};
  std::vector<Taken> taken_{};
  std::vector<std::string> calls_{};
  std::map<std::int32_t, std::int64_t> next_{};
};

/// Runs from the beginning on.
class RunningConsumer {
 public:
  RunningConsumer(const online_store::ConsumerOptions& options, online_store::PartitionSink& sink)
      : consumer_{std::make_unique<online_store::Consumer>(options, sink)},
        end_{std::async(std::launch::async, [this] { consumer_->run(stop_.get_token()); })} {}

  ~RunningConsumer() { stop_.request_stop(); }

  void request_stop() { stop_.request_stop(); }

  /// Waits for run(), and throws what it threw. The consumer is gone then.
  void await_end() {
    const bool has_ended = end_.wait_for(patience) == std::future_status::ready;
    REQUIRE_MESSAGE(has_ended, "the consumer does not end");
    std::future<void> end = std::move(end_);
    const std::unique_ptr<online_store::Consumer> ended = std::move(consumer_);
    end.get();
  }

  void stop() {
    request_stop();
    await_end();
  }

  const online_store::Consumer& consumer() const { return *consumer_; }

  void await_commit() const {
    await("nothing is committed", [this] { return consumer_->commits() != 0; });
  }
  void await_errors(std::uint64_t errors) const {
    await("no error was seen", [this, errors] { return consumer_->errors() >= errors; });
  }

 private:
  /// Of its counts a consumer says nothing by itself: this looks again and again.
  template <class Condition>
  static void await(const char* otherwise, Condition condition) {
    for (const Deadline deadline = soon(); !condition();) {
      REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, otherwise);
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

  std::unique_ptr<online_store::Consumer> consumer_;
  std::stop_source stop_{};
  std::future<void> end_;
};

}  // namespace statwire::test
