#pragma once

// An event into the bytes of a Kafka message, for the generator and for tests.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "online_store/avro_schema.hpp"
#include "online_store/event.hpp"

namespace online_store {

/// A string field that the shop's figures do not need.
struct OtherText {
  std::string_view field;
  std::string_view text;
};

/// What is written; texts that are not there are written as null, or as "" where the schema has no null.
struct EventTexts {
  std::int64_t timestamp = 0;  ///< Milliseconds since the epoch.
  std::optional<std::string_view> event_type{};
  std::optional<std::string_view> session_id{};
  std::optional<std::string_view> total_price{};
  std::span<const OtherText> others{};  ///< Fields that the schema does not have as strings are left out.
};

/// One thread at a time.
class EventEncoder {
 public:
  explicit EventEncoder(const AvroSchema& schema);
  EventEncoder(EventEncoder&&) noexcept;
  EventEncoder& operator=(EventEncoder&&) noexcept;
  ~EventEncoder();

  /// A bare datum. Fields that are not named are null where they may be, otherwise 0, "" or empty; of an
  /// enum, the first symbol; of a union, the first branch. Throws std::out_of_range where the schema has an
  /// int for the time and this one is beyond it.
  std::string encode(const EventTexts& event);
  std::string encode(const Event& event);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace online_store
