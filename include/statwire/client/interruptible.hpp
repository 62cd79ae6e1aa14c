#pragma once

// A stream whose calls end early when another thread wants an end: so that a thread that waits for a server
// can be joined in time. It waits in slices; a call that is interrupted says errc::timed_out.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::client {

/// Until when the calls of an Interruptible may take; set by any thread.
class Interruption {
 public:
  void end_by(Deadline deadline) noexcept { deadline_.store(deadline.time_since_epoch().count()); }

  Deadline deadline() const noexcept { return Deadline{Deadline::duration{deadline_.load()}}; }

 private:
  std::atomic<Deadline::rep> deadline_{Deadline::max().time_since_epoch().count()};
};

/// One thread at a time, like what it wraps. A connect cannot be cut into slices, so none takes longer than
/// `longest_connect`. The interruption outlives this.
template <StreamTransport Transport>
class Interruptible {
 public:
  template <class... Args>
  Interruptible(const Interruption& interruption, std::chrono::milliseconds longest_connect, Args&&... args)
      : interruption_{interruption},
        longest_connect_{longest_connect},
        transport_(std::forward<Args>(args)...) {}

  void connect(Deadline deadline, std::error_code& ec) {
    transport_.connect(std::min({deadline, deadline_after(longest_connect_), interruption_.deadline()}), ec);
  }

  std::size_t read_some(std::span<char> buffer, Deadline deadline, std::error_code& ec) {
    return in_slices<std::size_t>(deadline, ec,
                                  [&](Deadline slice) { return transport_.read_some(buffer, slice, ec); });
  }

  std::size_t write_some(std::string_view bytes, Deadline deadline, std::error_code& ec) {
    return in_slices<std::size_t>(deadline, ec,
                                  [&](Deadline slice) { return transport_.write_some(bytes, slice, ec); });
  }

  Transferred transfer(std::string_view out, std::span<char> in, Deadline deadline,
                       std::error_code& ec) requires HasTransfer<Transport> {
    return in_slices<Transferred>(deadline, ec,
                                  [&](Deadline slice) { return transport_.transfer(out, in, slice, ec); });
  }

  void shutdown_write(std::error_code& ec) requires HasShutdownWrite<Transport> {
    transport_.shutdown_write(ec);
  }

  std::size_t unacknowledged_bytes() noexcept requires HasUnacknowledgedBytes<Transport> {
    return transport_.unacknowledged_bytes();
  }

  void close() noexcept { transport_.close(); }

 private:
  template <class Result, class Call>
  Result in_slices(Deadline deadline, std::error_code& ec, Call&& call) {
    constexpr std::chrono::milliseconds slice{50};
    for (;;) {
      const Deadline end = std::min(deadline, interruption_.deadline());
      const Deadline slice_end = std::min(end, deadline_after(slice));
      const Result result = call(slice_end);
      if (ec != errc::timed_out || slice_end == end) return result;
    }
  }

  const Interruption& interruption_;
  std::chrono::milliseconds longest_connect_;
  Transport transport_;
};

}  // namespace statwire::client
