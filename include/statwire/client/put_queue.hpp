#pragma once

// Puts that wait to be sent, as the lines that will be sent, in memory that is set aside at the start. Lines
// are appended to one half while the other is under way; what the server has answered leaves the front. No
// I/O and no locks: BufferedMetricsClient guards it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/protocol/number.hpp"

namespace statwire::client {

/// A put in text, made without the lock: `put key value timestamp\n` from parts.
class PutLine {
 public:
  /// The key outlives this.
  PutLine(std::string_view key, double value, std::int64_t timestamp) noexcept : key_{key} {
    char* end = tail_;
    *end++ = ' ';
    end = protocol::write_float(end, value, protocol::WholeNumbers::plain);
    *end++ = ' ';
    end = protocol::write_integer(end, timestamp);
    *end++ = '\n';
    tail_bytes_ = static_cast<std::size_t>(end - tail_);
  }

  std::size_t size() const noexcept { return head.size() + key_.size() + tail_bytes_; }

  void append_to(std::string& out) const { out.append(head).append(key_).append(tail_, tail_bytes_); }

 private:
  static constexpr std::string_view head = "put ";

  std::string_view key_;
  char tail_[protocol::max_number_chars + protocol::max_integer_chars + 3];
  std::size_t tail_bytes_;
};

class PutQueue {
 public:
  /// next() gives no more than this, and the rest of a line.
  static constexpr std::size_t enough_bytes = 262'144;

  /// Takes `max_bytes` of address space twice, resident once used.
  explicit PutQueue(std::size_t max_bytes) : max_bytes_{max_bytes} {
    waiting_.reserve(max_bytes);
    sending_.reserve(max_bytes);
  }

  /// Appends a line; false when there is no room. Never allocates.
  bool append(const PutLine& line) noexcept {
    if (waiting_.size() + (sending_.size() - answered_bytes_) + line.size() > max_bytes_) return false;
    line.append_to(waiting_);
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
