#pragma once

// Puts that wait to be sent, as the lines that will be sent, in memory that is set aside at the start. Lines
// are appended to one half while the other is under way; what the server has answered leaves the front. No
// I/O and no locks: BufferedMetricsClient guards it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/protocol/metrics_request.hpp"
#include "statwire/protocol/number.hpp"

namespace statwire::client {

/// One thread at a time.
class PutQueue {
 public:
  /// next() gives no more than this, and the rest of a line.
  static constexpr std::size_t enough_bytes = 262'144;

  /// Takes `max_bytes` of address space twice, resident once used.
  explicit PutQueue(std::size_t max_bytes) : max_bytes_{max_bytes} {
    constexpr std::size_t longest_line =
        protocol::max_key_bytes + protocol::max_number_chars + protocol::max_integer_chars + 16;
    waiting_.reserve(max_bytes + longest_line);
    sending_.reserve(max_bytes + longest_line);
  }

  /// Appends a put that is valid; false when there is no room. Never allocates.
  bool append(std::string_view key, double value, std::int64_t timestamp) noexcept {
    const std::size_t before = waiting_.size();
    protocol::append_put(waiting_, key, value, timestamp);
    if (waiting_.size() + (sending_.size() - answered_bytes_) > max_bytes_) {
      waiting_.resize(before);
      return false;
    }
    ++waiting_lines_;
    return true;
  }

  /// Lines that are not answered yet.
  std::uint64_t lines() const noexcept { return waiting_lines_ + sending_lines_; }

  /// What is to be sent: whole lines, the unanswered ones of the last call first; so many that what is
  /// answered soon makes room for more. Stays where it is until the next call of next() or answered(),
  /// whatever is appended.
  std::string_view next() noexcept {
    if (sending_lines_ == 0) {
      sending_.clear();
      answered_bytes_ = 0;
      std::swap(sending_, waiting_);
      sending_lines_ = std::exchange(waiting_lines_, 0);
    }
    const std::string_view rest = std::string_view{sending_}.substr(answered_bytes_);
    if (rest.size() <= enough_bytes) return rest;
    return rest.substr(0, rest.find('\n', enough_bytes) + 1);
  }

  /// The first `lines` of next() are answered.
  void answered(std::uint64_t lines) noexcept {
    sending_lines_ -= lines;
    for (; lines != 0; --lines) answered_bytes_ = sending_.find('\n', answered_bytes_) + 1;
  }

 private:
  std::size_t max_bytes_;
  std::string waiting_;
  std::string sending_;
  std::uint64_t waiting_lines_ = 0;
  std::uint64_t sending_lines_ = 0;
  std::size_t answered_bytes_ = 0;  ///< Of sending_.
};

}  // namespace statwire::client
