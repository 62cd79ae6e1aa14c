#pragma once

// Replies of the put/get protocol, both ways: `ok\n`, rows `key value timestamp\n`, and an empty line; or
// `error\nwrong command\n\n`. The server encodes them; the client decodes them row by row from whatever
// pieces they arrive in, holding one unfinished line and no more. No I/O here.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/error.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::protocol {

inline constexpr std::string_view ok_reply = "ok\n\n";
inline constexpr std::string_view error_reply = "error\nwrong command\n\n";
/// How the words of two errors begin that do not belong to a request as such, so that clients can tell: the
/// server takes no more connections, and closes this one; the store failed, now or for good.
inline constexpr std::string_view too_many_connections_words = "too many connections";
inline constexpr std::string_view not_stored_words = "not stored";
inline constexpr std::string_view rows_begin = "ok\n";
inline constexpr std::string_view rows_end = "\n";

/// One row of a reply; the key points into the bytes that were fed.
struct Row {
  std::string_view key;
  double value = 0;
  std::int64_t timestamp = 0;
};

/// Appends `key value timestamp\n`; whole values print with their point (`10.0`), as the original's do.
inline void append_row(std::string& out, const Row& row) {
  char text[max_number_chars];
  out.append(row.key).append(" ");
  out.append(text, write_float(text, row.value, WholeNumbers::with_point));
  out.append(" ");
  out.append(text, write_integer(text, row.timestamp));
  out.append("\n");
}

/// What a client takes at most of one reply; a peer that sends more is no such server, or means harm.
struct ReplyLimits {
  std::uint64_t max_reply_bytes = std::uint64_t{256} << 20;
  std::uint64_t max_rows = 10'000'000;
  std::size_t max_line_bytes = 65536;  ///< Its line feed left out.
};

/// Decodes replies, one after the other: begin(), then feed() with the pieces until done(). After an error it
/// takes nothing more.
class ReplyDecoder {
 public:
  enum class Expected { nothing, rows };  ///< A put is answered with no rows, a get with any number.

  explicit ReplyDecoder(Expected expected, const ReplyLimits& limits = {}) { begin(expected, limits); }

  /// Forgets everything and expects another reply.
  void begin(Expected expected, const ReplyLimits& limits) {
    expected_ = expected;
    limits_ = limits;
    state_ = State::status;
    error_.clear();
    unfinished_.clear();
    offending_line_.clear();
  }

  /// Takes bytes up to the end of the reply, calls `on_row(const Row&)` for each row, and returns how many
  /// bytes it took: fewer than given only when the reply is done or an error was found.
  template <class OnRow>
  std::size_t feed(std::string_view bytes, OnRow&& on_row) {
    std::string_view rest = bytes;
    while (!done() && !rest.empty()) {
      if (state_ == State::rows && unfinished_.empty()) {
        take_plain_rows(rest, on_row);
        if (rest.empty()) break;
      }
      const std::size_t end = rest.find('\n');
      const std::string_view part = rest.substr(0, end);
      if (!fits(part)) break;
      if (end == std::string_view::npos) {
        unfinished_.append(part);
        return bytes.size();
      }
      rest.remove_prefix(end + 1);
      limits_.max_reply_bytes -= unfinished_.size() + part.size() + 1;
      if (unfinished_.empty()) {
        take_line(part, on_row);
      } else {
        unfinished_.append(part);
        take_line(unfinished_, on_row);
        unfinished_.clear();
      }
    }
    return bytes.size() - rest.size();
  }

  /// Whether the reply is complete or found wrong.
  bool done() const noexcept { return state_ == State::done; }

  /// What is wrong: errc::command_refused, or the protocol error. No error while the reply is right so far.
  std::error_code error() const noexcept { return error_; }

  /// The line that is wrong, or the first 64 bytes of one too long; for a refused command, the server's
  /// words.
  const std::string& offending_line() const noexcept { return offending_line_; }

 private:
  enum class State { status, rows, refusal, done };

  /// Takes whole rows as servers print them (single spaces, no sign but minus) off the front: nearly all rows
  /// are, and reading them in one go spares each two searches and a look at its blanks, a third of the time.
  /// Leaves everything else: the end, a row that is not whole, that is unusual, wrong or beyond a limit.
  template <class OnRow>
  void take_plain_rows(std::string_view& rest, OnRow& on_row) {
    const char* const end = rest.data() + rest.size();
    while (expected_ == Expected::rows && limits_.max_rows != 0) {
      const char* const begin = rest.data();
      const char* const key_end =
          std::find_if(begin, end, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
      if (key_end == begin || key_end == end || *key_end != ' ') return;
      Row row{.key = {begin, static_cast<std::size_t>(key_end - begin)}};
      const char* const value_end = read_float(key_end + 1, end, row.value);
      if (value_end == nullptr || value_end == end || *value_end != ' ' || value_end[-1] == ')') return;
      const char* const line_end = read_integer(value_end + 1, end, row.timestamp);
      if (line_end == nullptr || line_end == end || *line_end != '\n') return;
      const auto line_bytes = static_cast<std::size_t>(line_end - begin);
      if (line_bytes > limits_.max_line_bytes || line_bytes >= limits_.max_reply_bytes) return;
      limits_.max_reply_bytes -= line_bytes + 1;
      --limits_.max_rows;
      rest.remove_prefix(line_bytes + 1);
      on_row(row);
    }
  }

  /// Whether another part of the unfinished line is within the limits.
  bool fits(std::string_view part) {
    const std::size_t line_bytes = unfinished_.size() + part.size();
    if (line_bytes <= limits_.max_line_bytes && line_bytes < limits_.max_reply_bytes) return true;
    constexpr std::size_t shown_bytes = 64;
    unfinished_.append(part.substr(0, shown_bytes));
    fail(line_bytes > limits_.max_line_bytes ? errc::reply_too_long : errc::reply_too_large,
         std::string_view{unfinished_}.substr(0, shown_bytes));
    return false;
  }

  template <class OnRow>
  void take_line(std::string_view line, OnRow&& on_row) {
    switch (state_) {
      case State::status:
        take_status(line);
        break;
      case State::rows:
        if (line.empty()) {
          state_ = State::done;
        } else if (const std::optional<Row> row = parse_row(line)) {
          on_row(*row);
        }
        break;
      case State::refusal:
        if (line.empty()) {
          state_ = State::done;
        } else if (offending_line_.empty()) {
          offending_line_ = line;
        }
        break;
      case State::done:
        break;
    }
  }

  void take_status(std::string_view line) {
    if (line == "ok") {
      state_ = State::rows;
    } else if (line == "error") {
      state_ = State::refusal;
      error_ = errc::command_refused;
    } else {
      fail(errc::unexpected_status, line);
    }
  }

  std::optional<Row> parse_row(std::string_view line) {
    if (expected_ == Expected::nothing) return fail(errc::unexpected_data, line);
    if (limits_.max_rows-- == 0) return fail(errc::reply_too_large, line);
    std::string_view columns[3];
    if (split_words(line, columns) != 3) return fail(errc::wrong_column_count, line);
    const auto value = parse_float(columns[1]);
    if (!value) return fail(errc::invalid_number, line);
    const auto timestamp = parse_integer(columns[2]);
    if (!timestamp) return fail(errc::invalid_timestamp, line);
    return Row{.key = columns[0], .value = *value, .timestamp = *timestamp};
  }

  std::nullopt_t fail(errc code, std::string_view line) {
    error_ = code;
    offending_line_ = line;
    state_ = State::done;
    return std::nullopt;
  }

  Expected expected_ = Expected::nothing;
  ReplyLimits limits_;  ///< What of them is left.
  State state_ = State::status;
  std::error_code error_;
  std::string unfinished_;
  std::string offending_line_;
};

}  // namespace statwire::protocol
