#pragma once

// What waits for a broker, and what is on its way there: no sockets, no clock, no threads.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "mesos_collector/document_sink.hpp"

namespace mesos_collector {

/// What a broker says of a delivery tag.
enum class Scope {
  one,
  up_to,  ///< This tag and all below; of tag 0: all there are.
};

/// Documents in the order in which they came. Those that were sent stay until the broker has confirmed them,
/// and wait again, in their old place, when it refuses them or is lost. One thread at a time.
class DocumentQueue {
 public:
  /// How many documents it holds, those in flight included; at least 1.
  explicit DocumentQueue(std::size_t capacity);

  struct Outgoing {
    const OutgoingDocument* document;  ///< Stays where it is until it is acknowledged or waits again.
    bool is_retry;                     ///< The broker may have it already.
  };

  /// Returns false when the queue was full: then the oldest document that waits is dropped, which is this one
  /// when all others are in flight.
  bool push(OutgoingDocument document);

  /// Puts the oldest document that waits in flight; nothing when none waits. Its delivery tag is one more
  /// than that of the last, and 1 at first and after take_back().
  std::optional<Outgoing> send_next();

  /// Returns how many documents have left the queue.
  std::size_t acknowledge(std::uint64_t tag, Scope scope);

  /// Has what the broker did not take wait again; returns how many documents that were.
  std::size_t refuse(std::uint64_t tag, Scope scope);

  /// Has all that is in flight wait again, for another connection.
  void take_back();

  std::size_t size() const { return waiting_.size() + in_flight_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t in_flight() const { return in_flight_.size(); }

  /// How many of all were sent, had to wait again, and have not been acknowledged since.
  std::size_t returned() const { return returned_; }

 private:
  struct Entry {
    std::uint64_t number;  ///< Its place among all that ever came.
    OutgoingDocument document;
    bool is_retry = false;
  };
  using InFlight = std::map<std::uint64_t, Entry>;

  /// Calls `leave(entry)` for each document that the broker speaks of, and has it no longer in flight.
  template <class Leave>
  std::size_t settle(std::uint64_t tag, Scope scope, Leave leave);

  void wait_again(Entry& entry);

  std::size_t capacity_;
  std::uint64_t next_number_ = 0;
  std::uint64_t last_tag_ = 0;
  std::size_t returned_ = 0;
  std::map<std::uint64_t, Entry> waiting_;  ///< By number.
  InFlight in_flight_;                      ///< By tag.
};

}  // namespace mesos_collector
