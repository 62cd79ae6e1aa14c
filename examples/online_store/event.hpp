#pragma once

// What a visitor of the shop did, as it stands in the event log, and what can be wrong with it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace online_store {

/// One event. Its texts belong to whoever decoded it.
struct Event {
  std::int64_t timestamp = 0;  ///< Milliseconds since the epoch.
  std::string_view event_type;
  std::string_view session_id;
  std::optional<std::string_view> total_price;  ///< Text, such as "1 500 ₽".
};

/// Why an event does not count.
enum class BadEvent {
  not_avro,        ///< Bytes that are no datum of the schema.
  missing_field,   ///< No session, or no type of event.
  bad_price,       ///< An order whose price has no digits, or more than a number holds.
  ahead_of_clock,  ///< From the future.
  duplicate,       ///< Read from the log before.
  long_session,    ///< The session has more than max_session_bytes: a few of them would fill the memory.
};

inline constexpr std::array all_bad_events{BadEvent::not_avro,  BadEvent::missing_field,
                                           BadEvent::bad_price, BadEvent::ahead_of_clock,
                                           BadEvent::duplicate, BadEvent::long_session};

inline constexpr std::size_t max_session_bytes = 256;

/// The word of a label.
constexpr std::string_view word_of(BadEvent reason) noexcept {
  switch (reason) {
    case BadEvent::not_avro:
      return "not_avro";
    case BadEvent::missing_field:
      return "missing_field";
    case BadEvent::bad_price:
      return "bad_price";
    case BadEvent::ahead_of_clock:
      return "ahead_of_clock";
    case BadEvent::duplicate:
      return "duplicate";
    case BadEvent::long_session:
      break;
  }
  return "long_session";
}

}  // namespace online_store
