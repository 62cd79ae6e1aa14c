#pragma once

// Bytes of a Kafka message into an event: a bare Avro datum, with no header of a file and no number of a
// schema registry in front. Avro C does the reading and calls back for each value, so that nothing is built
// that is not needed; a string is copied, the datum too.

#include <memory>
#include <string_view>
#include <variant>

#include "online_store/avro_schema.hpp"
#include "online_store/event.hpp"

namespace online_store {

/// One thread at a time. Holds memory for twice the longest datum so far, and never more.
class EventDecoder {
 public:
  explicit EventDecoder(const AvroSchema& schema);
  EventDecoder(EventDecoder&&) noexcept;
  EventDecoder& operator=(EventDecoder&&) noexcept;
  ~EventDecoder();

  /// The event, valid until the next call, or what is wrong:
  /// - BadEvent::not_avro: the bytes end too early or too late; a length, a branch or a symbol is impossible;
  ///   a string anywhere in it is not UTF-8; an array has more elements than its bytes and 1000.
  /// - BadEvent::missing_field: the time, the type or the session is null, or the session is empty.
  /// The price is not looked at. Throws std::bad_alloc only. Cost: less than 1 us, for 100 bytes.
  std::variant<Event, BadEvent> decode(std::string_view datum);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace online_store
