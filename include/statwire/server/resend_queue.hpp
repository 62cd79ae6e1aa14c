#pragma once

// The lines that are on their way to a listener which acknowledges nothing. What such a listener had not yet
// read when it died is lost with it, and nobody says what that was. So what was written is kept for a while,
// and after a lost connection written again. Used by line_forwarder.hpp; no I/O, no threads, no clock.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/memory.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::server {

/// A queue of whole lines in chunks of 64 KiB: [kept | written in part | to be written]. One thread at a
/// time, but the bytes that next() gave may be read while others are appended.
class ResendQueue {
 public:
  /// Holds at most `max_bytes` of lines, and keeps those that were written for `window` at least (a sixteenth
  /// longer at most) unless new ones need the room.
  ResendQueue(std::size_t max_bytes, std::chrono::milliseconds window)
      : max_bytes_{max_bytes}, window_{std::min<std::chrono::milliseconds>(window, longest_window)} {}

  /// Appends `count` lines, each with its line feed. Returns how many found room: the first ones. When there
  /// is too little, lines that were written already, and only wait for a connection to be lost, give way.
  std::size_t append(std::string_view lines, std::size_t count) noexcept {
    make_room(lines.size());
    const std::size_t room = max_bytes_ - size();
    if (lines.size() > room) {
      lines = lines.substr(0, lines.substr(0, room).rfind('\n') + 1);
      count = line_count(lines);
    }
    if (!reserve(lines.size())) return 0;
    while (!lines.empty()) {
      const std::size_t from = static_cast<std::size_t>(end_ - base_);
      const std::size_t bytes = std::min(lines.size(), chunk_bytes - from % chunk_bytes);
      lines.copy(chunks_[from / chunk_bytes].get() + from % chunk_bytes, bytes);
      lines.remove_prefix(bytes);
      end_ += bytes;
    }
    return count;
  }

  /// The bytes to write next, 64 KiB at most; none when all are written. They stay where they are until
  /// written(), lost() or the next next().
  std::string_view next() noexcept {
    const std::string_view bytes = piece(position_);
    is_writing_ = !bytes.empty();
    return bytes;
  }

  /// The first bytes of next(), or all of them, were written.
  void written(std::size_t bytes, Deadline now) noexcept {
    const std::string_view piece_written = piece(position_).substr(0, bytes);
    const std::size_t again =
        std::min(bytes, static_cast<std::size_t>(first_time_ - std::min(first_time_, position_)));
    resent_lines_ += line_count(piece_written.substr(0, again));
    sent_lines_ += line_count(piece_written.substr(again));
    is_writing_ = false;
    const std::size_t whole = piece_written.rfind('\n') + 1;
    if (whole != 0) {
      complete_ = position_ + whole;
      first_time_ = std::max(first_time_, complete_);
      mark(now);
    }
    position_ += bytes;
  }

  /// The connection is gone, and with it an unknown part of what was written: all that is kept is to be
  /// written again, from the beginning of a line.
  void lost() noexcept {
    is_writing_ = false;
    position_ = complete_ = begin_;
    marks_.clear();
  }

  /// Forgets what was written longer ago than the window, but nothing of the last `unacknowledged` bytes that
  /// were written: their window begins again.
  void expire(Deadline now, std::size_t unacknowledged = 0) noexcept {
    const std::uint64_t acknowledged =
        position_ - std::min<std::uint64_t>(unacknowledged, position_ - begin_);
    for (; !marks_.empty() && expiry(marks_.front()) <= now; forget(marks_.front().end)) {
      if (marks_.front().end > acknowledged) {
        marks_.front().since = now;
        return;
      }
    }
  }

  /// When expire() will have something to forget; nothing while nothing is kept.
  std::optional<Deadline> next_expiry() const noexcept {
    if (marks_.empty()) return std::nullopt;
    return expiry(marks_.front());
  }

  bool is_all_written() const noexcept { return position_ == end_; }

  /// Bytes in the queue: kept and to be written.
  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }

  /// Lines that were written once at least, up to their line feed.
  std::uint64_t sent_lines() const noexcept { return sent_lines_; }

  /// Lines that were written again; each time counts.
  std::uint64_t resent_lines() const noexcept { return resent_lines_; }

 private:
  static constexpr std::size_t chunk_bytes = 65'536;
  static constexpr std::chrono::hours longest_window{24 * 365};  // any sum with it is in the clock's range

  /// Lines that were completely written in a stretch of time that began at `since`.
  struct Mark {
    std::uint64_t end;
    Deadline since;
  };

  static std::size_t line_count(std::string_view bytes) noexcept {
    return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  }

  std::chrono::nanoseconds stretch() const noexcept { return window_ / 16; }
  Deadline expiry(const Mark& mark) const noexcept { return mark.since + stretch() + window_; }

  /// A mark for each stretch, not for each line, so there are few.
  void mark(Deadline now) noexcept {
    if (!marks_.empty() && now <= marks_.back().since + stretch()) {
      marks_.back().end = complete_;
      return;
    }
    const bool has_memory = statwire::detail::with_memory([&] { marks_.push_back({complete_, now}); });
    if (!has_memory && !marks_.empty()) marks_.back().end = complete_;  // it is forgotten a little early
  }

  /// The bytes from an offset to the end of its chunk.
  std::string_view piece(std::uint64_t offset) const noexcept {
    if (offset == end_) return {};
    const std::size_t from = static_cast<std::size_t>(offset - base_);
    const auto bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes - from % chunk_bytes, end_ - offset));
    return {chunks_[from / chunk_bytes].get() + from % chunk_bytes, bytes};
  }

  void make_room(std::size_t bytes) noexcept {
    bytes = std::min(bytes, max_bytes_);
    if (size() + bytes <= max_bytes_) return;
    // After a lost connection lines are to be written again that, unlike new ones, may have arrived. They
    // give way too, but not while one of them is half written.
    const bool is_between_lines = !is_writing_ && position_ == complete_;
    const std::uint64_t limit = is_between_lines ? std::max(complete_, first_time_) : complete_;
    const std::uint64_t wanted = begin_ + (size() + bytes - max_bytes_);
    forget(wanted >= limit ? limit : line_end(wanted));
  }

  /// The end of the line that holds the byte before an offset. There is one: lines are whole.
  std::uint64_t line_end(std::uint64_t offset) const noexcept {
    for (--offset;;) {
      const std::string_view bytes = piece(offset);
      const std::size_t found = bytes.find('\n');
      if (found != std::string_view::npos) return offset + found + 1;
      offset += bytes.size();
    }
  }

  /// Gives up all before an offset where a line begins.
  void forget(std::uint64_t offset) noexcept {
    begin_ = offset;
    position_ = std::max(position_, offset);
    complete_ = std::max(complete_, offset);
    while (!marks_.empty() && marks_.front().end <= offset) marks_.pop_front();
    for (; begin_ - base_ >= chunk_bytes; base_ += chunk_bytes) {
      spare_ = std::move(chunks_.front());
      chunks_.pop_front();
    }
  }

  bool reserve(std::size_t bytes) noexcept {
    if (chunks_.size() * chunk_bytes >= end_ - base_ + bytes) return true;
    return statwire::detail::with_memory([&] {
      while (chunks_.size() * chunk_bytes < end_ - base_ + bytes) {
        chunks_.push_back(spare_ ? std::move(spare_) : std::make_unique_for_overwrite<char[]>(chunk_bytes));
      }
    });
  }

  std::size_t max_bytes_;
  std::chrono::nanoseconds window_;
  std::deque<std::unique_ptr<char[]>> chunks_;
  std::unique_ptr<char[]> spare_;
  // Offsets in the stream of all lines that were ever appended, in this order but for first_time_.
  std::uint64_t base_ = 0;        // of the first chunk
  std::uint64_t begin_ = 0;       // of what is kept; a line begins there
  std::uint64_t complete_ = 0;    // of the line that is being written
  std::uint64_t position_ = 0;    // of the next byte to write
  std::uint64_t end_ = 0;         // of all
  std::uint64_t first_time_ = 0;  // of the first line that was never written to its end
  std::deque<Mark> marks_;
  bool is_writing_ = false;
  std::uint64_t sent_lines_ = 0;
  std::uint64_t resent_lines_ = 0;
};

}  // namespace statwire::server
