#pragma once

// A shop that is not there: its days, one after the other, sent to Kafka in their own time or as fast as it
// goes.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "online_store/avro_schema.hpp"
#include "online_store/clock.hpp"
#include "online_store/producer.hpp"
#include "online_store/shop_day.hpp"

namespace online_store {

struct FeedOptions {
  ProducerOptions producer{};
  ShopDayOptions day{};                ///< The first one.
  std::size_t days = 1;                ///< Those after it have other events.
  const ReplayClock* clock = nullptr;  ///< Tells when an event is due; without one, all are due at once.
};

/// Threads: one sends; the counts may be read by any.
class Feed {
 public:
  Feed(const AvroSchema& schema, FeedOptions options);

  /// Sends all days, or until stop is requested, and waits until they have arrived. Events of one session go
  /// to one partition. Throws KafkaError.
  void run(const std::stop_token& stop);

  std::uint64_t sent() const { return producer_.delivered(); }

 private:
  bool wait_until_due(std::int64_t timestamp, const std::stop_token& stop) const;
  bool send_day(const ShopDayOptions& options, const std::stop_token& stop);

  FeedOptions options_;
  EventEncoder encoder_;
  Producer producer_;
};

}  // namespace online_store
