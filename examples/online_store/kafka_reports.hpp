#pragma once

// The troubles of a Kafka client that it gets over by itself: counted, and told now and then. A broker that
// is away makes librdkafka say so many times a second.

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace online_store {

/// Threads: one, but for count().
class KafkaReports {
 public:
  using Tell = std::function<void(const std::string&)>;
  using Clock = std::chrono::steady_clock;

  /// Of one kind is told at most once in this time.
  static constexpr std::chrono::seconds interval{10};

  /// `where` begins each text. `tell` may be empty: then there is the count alone.
  KafkaReports(std::string where, Tell tell) : where_{std::move(where)}, tell_{std::move(tell)} {}

  /// `kind` is one of few words.
  void add(const std::string& kind, const std::string& text, Clock::time_point now = Clock::now());

  /// An event of RD_KAFKA_EVENT_LOG.
  void add_log(rd_kafka_event_t* event);

  /// "where: text".
  std::string located(const std::string& text) const { return where_ + ": " + text; }

  std::uint64_t count() const { return count_; }

 private:
  struct Kind {
    Clock::time_point told{};
    std::uint64_t untold = 0;
  };

  std::string where_;
  Tell tell_;
  std::map<std::string, Kind> kinds_{};
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace online_store
