#pragma once

// The client's side of the put/get protocol over one connection, without the connection: requests in, bytes
// to write out; bytes that were read in, answers out, each matched to its request by order. Any number of
// requests may be under way; what is held of them is a count. MetricsClient, AsyncMetricsClient and
// BufferedMetricsClient put their I/O around it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/error.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"

namespace statwire::client {

/// What the answers to requests are told to. Each call is about the oldest request that is unanswered.
template <class Listener>
concept AnswerListener = requires(Listener& listener, const protocol::Row& row, std::size_t count,
                                  std::string_view words) {
  listener.row(row);        ///< A row of a get that is being answered; its key points into the bytes.
  listener.got();           ///< A get is answered: no rows of it follow.
  listener.stored(count);   ///< So many puts are answered with ok.
  listener.refused(words);  ///< A put or a get is answered with an error, of which these are the words.
};

/// One thread at a time.
class MetricsPipeline {
 public:
  using Expected = protocol::ReplyDecoder::Expected;

  /// Unwritten bytes beyond which there is no need to add more before some were written.
  static constexpr std::size_t enough_bytes = 65536;

  /// Adds a put. Errors: errc::invalid_key, errc::invalid_value; then nothing is added.
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    ec = protocol::check_put(key, value);
    if (ec) return;
    protocol::append_put(out_, key, value, timestamp);
    expect(Expected::nothing, 1, {});
  }

  /// Adds a get of one key, or of "*". Errors: errc::invalid_key; then nothing is added.
  void get(std::string_view key, const protocol::ReplyLimits& limits, std::error_code& ec) {
    ec = protocol::is_valid_key(key) ? std::error_code{} : errc::invalid_key;
    if (ec) return;
    protocol::append_get(out_, key);
    expect(Expected::rows, 1, limits);
  }

  /// Adds requests of one kind that were checked and encoded before.
  void add(std::string_view lines, Expected expected, std::size_t count,
           const protocol::ReplyLimits& limits = {}) {
    out_.append(lines);
    expect(expected, count, limits);
  }

  /// What is to be written next; valid until something is added.
  std::string_view unwritten() const noexcept { return std::string_view{out_}.substr(written_); }

  /// So many bytes of it were written.
  void written(std::size_t bytes) {
    written_ += bytes;
    if (written_ == out_.size()) {
      out_.clear();
      written_ = 0;
    } else if (written_ >= enough_bytes) {
      out_.erase(0, written_);
      written_ = 0;
    }
  }

  /// Requests that were added and not answered yet.
  std::uint64_t unanswered() const noexcept { return unanswered_; }

  /// Takes what was read, all of it, and tells the listener of every answer. An error (that of the reply,
  /// errc::unexpected_data for bytes that nobody asked for, errc::too_many_connections) means that client and
  /// server are out of step: the connection is of no more use. What the listener throws comes through and
  /// means the same.
  template <AnswerListener Listener>
  void receive(std::string_view bytes, Listener& listener, std::error_code& ec) {
    ec.clear();
    while (!ec && !bytes.empty()) {
      if (expected_.empty()) {
        ec = errc::unexpected_data;
        culprit_ = bytes.substr(0, std::min(bytes.find('\n'), shown_bytes));
      } else if (const std::size_t count = leading_oks(bytes); count != 0) {
        bytes.remove_prefix(count * protocol::ok_reply.size());
        answered(count);
        listener.stored(count);
      } else {
        bytes.remove_prefix(decode(bytes, listener, ec));
      }
    }
  }

  /// The line of a reply that the last error is about.
  const std::string& culprit() const noexcept { return culprit_; }

  /// Forgets everything, for a fresh connection.
  void reset() {
    out_.clear();
    written_ = 0;
    expected_.clear();
    unanswered_ = 0;
    is_decoding_ = false;
    culprit_.clear();
  }

 private:
  static constexpr std::size_t shown_bytes = 64;

  /// Requests of the same kind, one after the other.
  struct Run {
    Expected expected;
    std::uint64_t count;
    protocol::ReplyLimits limits;
  };

  void expect(Expected expected, std::size_t count, const protocol::ReplyLimits& limits) {
    unanswered_ += count;
    if (expected == Expected::nothing && !expected_.empty() && expected_.back().expected == expected) {
      expected_.back().count += count;
    } else if (count != 0) {
      expected_.push_back({expected, count, limits});
    }
  }

  void answered(std::size_t count) {
    unanswered_ -= count;
    expected_.front().count -= count;
    if (expected_.front().count == 0) expected_.pop_front();
  }

  /// Nearly all bytes that come back from puts are one `ok` after the other; comparing them as words takes a
  /// tenth of the time of decoding each.
  std::size_t leading_oks(std::string_view bytes) const noexcept {
    const Run& run = expected_.front();
    if (is_decoding_ || run.expected != Expected::nothing) return 0;
    std::uint64_t count = 0;
    while (count < run.count && bytes.starts_with(protocol::ok_reply)) {
      bytes.remove_prefix(protocol::ok_reply.size());
      ++count;
    }
    return static_cast<std::size_t>(count);
  }

  /// Decodes one reply, as far as the bytes go; returns how many it took.
  template <class Listener>
  std::size_t decode(std::string_view bytes, Listener& listener, std::error_code& ec) {
    const Run& run = expected_.front();
    if (!is_decoding_) decoder_.begin(run.expected, run.limits);
    is_decoding_ = true;
    const std::size_t taken = decoder_.feed(bytes, [&](const protocol::Row& row) { listener.row(row); });
    if (!decoder_.done()) return taken;
    is_decoding_ = false;
    ec = decoder_.error();
    const bool is_turned_away = ec == errc::command_refused &&
                                decoder_.offending_line().starts_with(protocol::too_many_connections_words);
    if (is_turned_away) ec = errc::too_many_connections;  // said of the connection, not of a request
    if (ec && ec != errc::command_refused) {
      culprit_ = decoder_.offending_line();
      return taken;
    }
    const Expected expected = run.expected;
    answered(1);
    if (ec) {
      listener.refused(decoder_.offending_line());
    } else if (expected == Expected::rows) {
      listener.got();
    } else {
      listener.stored(1);
    }
    ec.clear();
    return taken;
  }

  std::string out_;
  std::size_t written_ = 0;  ///< How many of its bytes were written.
  std::deque<Run> expected_;
  std::uint64_t unanswered_ = 0;
  protocol::ReplyDecoder decoder_{Expected::nothing};
  bool is_decoding_ = false;  ///< Whether a reply has begun and not ended.
  std::string culprit_;
};

}  // namespace statwire::client
