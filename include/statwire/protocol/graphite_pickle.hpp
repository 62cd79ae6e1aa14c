#pragma once

// Points in the pickle protocol of Graphite, which carbon reads with less work than text: frames, each a
// length and a pickled list of (path, (timestamp, value)). The pickles are of protocol 2, and of the few
// instructions that every reader has: carbon under Python 2 and 3, whose safe unpickler takes no classes, and
// those that are no Python. Paths are mapped as in the plaintext protocol (graphite_line.hpp). No I/O.
//
// Source: carbon's protocols.py (MetricPickleReceiver) and Python's pickletools.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "statwire/protocol/graphite_line.hpp"

namespace statwire::protocol {

/// Appends points to a text of frames. The last frame is open until close(): its length is not known before.
/// One thread at a time.
class GraphitePickle {
 public:
  /// Of one frame. carbon's own clients send 500 points at once.
  static constexpr std::size_t max_points = 500;

  /// Of one frame, its length left out. carbon closes the connection on a frame longer than 1 MiB, and before
  /// version 1.0 on one longer than 99 999 bytes.
  static constexpr std::size_t max_frame_bytes = 65'536;

  /// What append() and a close() afterwards add to the text, at most.
  static constexpr std::size_t max_bytes(std::size_t path_bytes) noexcept {
    return path_bytes + max_frame_overhead + max_point_overhead;
  }

  /// Appends a point: forwardable (is_forwardable), its path not empty and at most 60 000 bytes long. Closes
  /// the open frame when it is full.
  void append(std::string& out, std::string_view path, double value, std::int64_t timestamp) {
    const std::size_t longest = path.size() + max_point_overhead + tail.size();
    if (is_open_ && (points_ == max_points || frame_bytes(out) + longest > max_frame_bytes)) close(out);
    if (!is_open_) open(out);
    detail::append_written(out, path.size() + max_point_overhead, [&](char* text) {
      text = write_path(text, path);
      text = write_timestamp(text, timestamp);
      text = write_double(text, value);
      *text++ = tuple_of_two;
      *text++ = tuple_of_two;
      return text;
    });
    ++points_;
  }

  /// Ends the open frame, if there is one, so that the text holds whole frames only.
  void close(std::string& out) {
    if (!is_open_) return;
    out += tail;
    write_big_endian<std::uint32_t>(out.data() + begin_, static_cast<std::uint32_t>(frame_bytes(out)));
    is_open_ = false;
  }

 private:
  static constexpr std::size_t length_bytes = 4;
  static constexpr std::string_view head =
      "\x80\x02](";                               // protocol 2, an empty list, the mark of what it gets
  static constexpr std::string_view tail = "e.";  // appends what is behind the mark; the end
  static constexpr char tuple_of_two = '\x86';
  static constexpr std::size_t max_frame_overhead = length_bytes + head.size() + 2 * tail.size();
  static constexpr std::size_t max_point_overhead = 5 + 7 + 9 + 2;  // path, timestamp, value, tuples

  template <class Integer>
  static char* write_big_endian(char* out, Integer value) noexcept {
    for (std::size_t i = sizeof value; i-- > 0;) *out++ = static_cast<char>(value >> (8 * i));
    return out;
  }

  static char* write_little_endian(char* out, std::uint64_t value, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; ++i) *out++ = static_cast<char>(value >> (8 * i));
    return out;
  }

  /// BINUNICODE, which both Pythons read as a text whatever its length.
  static char* write_path(char* out, std::string_view path) noexcept {
    *out++ = 'X';
    out = write_little_endian(out, path.size(), 4);
    return detail::copy_mapped(out, path, detail::graphite_bytes_of(path));
  }

  /// BININT, which has a sign; LONG1 of five bytes for what does not fit (after January 2038).
  static char* write_timestamp(char* out, std::int64_t timestamp) noexcept {
    const bool fits = timestamp <= std::numeric_limits<std::int32_t>::max();
    *out++ = fits ? 'J' : '\x8a';
    if (!fits) *out++ = 5;
    return write_little_endian(out, static_cast<std::uint64_t>(timestamp), fits ? 4 : 5);
  }

  /// BINFLOAT. Minus zero is written as zero, as in text.
  static char* write_double(char* out, double value) noexcept {
    *out++ = 'G';
    return write_big_endian(out, std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value));
  }

  void open(std::string& out) {
    begin_ = out.size();
    out.append(length_bytes, '\0').append(head);
    points_ = 0;
    is_open_ = true;
  }

  /// Of the open frame, so far.
  std::size_t frame_bytes(const std::string& out) const noexcept {
    return out.size() - begin_ - length_bytes;
  }

  std::size_t begin_ = 0;  ///< Of the open frame in the text.
  std::size_t points_ = 0;
  bool is_open_ = false;
};

}  // namespace statwire::protocol
