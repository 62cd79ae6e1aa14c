#pragma once

// Requests of the put/get protocol, both ways: `put key value timestamp\n` and `get key\n`. The client
// encodes them, the server cuts them out of whatever pieces the bytes arrive in (RequestReader) and parses
// them. No I/O here; keys point into the bytes that were given.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/error.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::protocol {

/// What `get` takes to ask for every key.
inline constexpr std::string_view all_keys = "*";

/// A key is not longer than this, so that every request and every row fits in what both sides take as a line.
inline constexpr std::size_t max_key_bytes = 8192;

/// Whether a key may be sent: not empty, not too long, no white space, no control character. Any other byte
/// is legal, so any UTF-8 text without spaces is.
constexpr bool is_valid_key(std::string_view key) noexcept {
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return false;
  }
  return !key.empty() && key.size() <= max_key_bytes;
}

/// What is wrong with a point that is to be put: errc::invalid_key, errc::invalid_value, or nothing.
inline std::error_code check_put(std::string_view key, double value) noexcept {
  if (!is_valid_key(key)) return errc::invalid_key;
  if (!std::isfinite(value)) return errc::invalid_value;
  return {};
}

/// Appends `put key value timestamp\n`. The key is valid; the value prints shortest, `0.5` or `301`.
/// `Out` is a std::string, or appends like one.
template <class Out>
void append_put(Out& out, std::string_view key, double value, std::int64_t timestamp) {
  char text[max_number_chars];
  out.append("put ").append(key).append(" ");
  out.append(text, write_float(text, value, WholeNumbers::plain));
  out.append(" ");
  out.append(text, write_integer(text, timestamp));
  out.append("\n");
}

/// Appends `get key\n`. The key is valid, or all_keys.
template <class Out>
void append_get(Out& out, std::string_view key) {
  out.append("get ").append(key).append("\n");
}

/// One request as the server sees it.
struct Request {
  enum class Kind { put, get, malformed };

  Kind kind = Kind::malformed;
  std::string_view key;        ///< Points into the line.
  double value = 0;            ///< Of a put; NaN and infinities are legal, as in the original.
  std::int64_t timestamp = 0;  ///< Of a put, in Unix seconds; may be negative.
};

/// Parses a line without its line feed. Blanks around and between the words do not matter, the case of a
/// command does; a put has exactly three arguments, a get one, all else is malformed. Takes any bytes.
inline Request parse_request(std::string_view line) noexcept {
  std::string_view words[4];
  const std::size_t count = split_words(line, words);
  if (count == 2 && words[0] == "get" && is_valid_key(words[1])) {
    return {.kind = Request::Kind::get, .key = words[1]};
  }
  if (count == 4 && words[0] == "put" && is_valid_key(words[1])) {
    const auto value = parse_float(words[2]);
    const auto timestamp = parse_integer(words[3]);
    if (value && timestamp) {
      return {.kind = Request::Kind::put, .key = words[1], .value = *value, .timestamp = *timestamp};
    }
  }
  return {};
}

/// Cuts a stream of bytes into request lines, one at a time, so that whoever answers them can pause between
/// two. Holds at most one unfinished line.
///
/// Line feeds (with or without a carriage return) that directly follow a line in the same piece of bytes
/// belong to that request, so a client that ends its command with two gets one reply; a line feed that
/// arrives alone is an (empty) request.
class RequestReader {
 public:
  /// `max_line_bytes` bounds a line, its line feed left out.
  explicit RequestReader(std::size_t max_line_bytes) : max_line_bytes_{max_line_bytes} {}
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Takes the next piece of the stream; the one before is used up, and memory that it took is given back.
  /// The bytes stay where they are until this one is, or keep_rest() was called.
  void give(std::string_view piece) noexcept {
    piece_ = piece;
    follows_line_ = false;
    std::string{}.swap(kept_);  // assigning would keep the memory
    std::string{}.swap(line_);
  }

  /// Copies what is left of the piece, so that the memory it was given in may be used for another.
  void keep_rest() {
    if (piece_.empty() || !kept_.empty()) return;
    kept_ = piece_;
    piece_ = kept_;
  }

  /// The next request, valid until the next call; none when the piece is used up or a line is too long.
  std::optional<std::string_view> next() {
    while (!piece_.empty() && !is_too_long_) {
      const std::size_t end = piece_.find('\n');
      const std::string_view part = piece_.substr(0, end);
      is_too_long_ = unfinished_.size() + part.size() > max_line_bytes_;
      if (is_too_long_) break;
      if (end == std::string_view::npos) {
        unfinished_.append(part);
        piece_ = {};
        break;
      }
      piece_.remove_prefix(end + 1);
      if (std::exchange(follows_line_, true) && (part.empty() || part == "\r")) continue;
      if (unfinished_.empty()) return part;
      unfinished_.append(part);
      line_ = std::exchange(unfinished_, {});
      return line_;
    }
    return std::nullopt;
  }

  /// Whether a line is longer than the limit: nothing of it was given out, and the stream is beyond repair.
  bool is_too_long() const noexcept { return is_too_long_; }

 private:
  std::size_t max_line_bytes_;
  std::string_view piece_;
  std::string kept_;  ///< When not empty, the piece is the end of it.
  std::string unfinished_;
  std::string line_;
  bool follows_line_ = false;
  bool is_too_long_ = false;
};

}  // namespace statwire::protocol
