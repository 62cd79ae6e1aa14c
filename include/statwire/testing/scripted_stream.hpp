#pragma once

// Plays the part of a metrics server for tests of its clients: answers with the bytes of a script, cut as the
// test wants them cut, writes short, and fails at the call that the test names. No socket, no thread, no
// sleep.
//
//   statwire::MetricsClient client{statwire::testing::ScriptedStream{{.replies = {"ok\n", "\n"}}}};
//   client.put("k", 1, 5);
//   CHECK(client.transport().written() == "put k 1 5\n");

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::testing {

/// What a ScriptedStream does.
struct StreamScript {
  std::deque<std::string> replies{};  ///< What reads return, one piece a read; then `after_replies`.
  std::error_code after_replies = errc::end_of_stream;
  std::size_t max_read_bytes = std::numeric_limits<std::size_t>::max();   ///< Cuts the pieces smaller.
  std::size_t max_write_bytes = std::numeric_limits<std::size_t>::max();  ///< A write takes no more at once.
  /// The call (connect, read, write or shutdown_write; the first is 1) that fails; 0 for none. The connection
  /// is of no use after it; a connect() that follows goes on with the script.
  std::size_t failing_call = 0;
  std::error_code failure = std::make_error_code(std::errc::connection_reset);  ///< How it fails.
};

/// A StreamTransport that follows a script. One thread at a time.
class ScriptedStream {
 public:
  explicit ScriptedStream(StreamScript script) : script_{std::move(script)} {}

  void connect(Deadline /*deadline*/, std::error_code& ec) {
    ec = next_call();
    is_open_ = !ec;
    is_shut_down_ = false;
  }

  std::size_t read_some(std::span<char> buffer, Deadline /*deadline*/, std::error_code& ec) {
    ec = next_call_on_open();
    if (!ec && script_.replies.empty()) {
      ec = script_.after_replies ? script_.after_replies : make_error_code(errc::end_of_stream);
    }
    if (ec) return 0;
    std::string& piece = script_.replies.front();
    const std::size_t bytes = std::min({piece.size(), buffer.size(), script_.max_read_bytes});
    std::copy_n(piece.begin(), bytes, buffer.begin());
    piece.erase(0, bytes);
    if (piece.empty()) script_.replies.pop_front();
    return bytes;
  }

  std::size_t write_some(std::string_view bytes, Deadline /*deadline*/, std::error_code& ec) {
    ec = next_call_on_open();
    if (ec) return 0;
    bytes = bytes.substr(0, script_.max_write_bytes);
    written_ += bytes;
    return bytes.size();
  }

  /// Ends what is written; a connect() begins it anew.
  void shutdown_write(std::error_code& ec) {
    ec = next_call_on_open();
    is_shut_down_ = is_shut_down_ || !ec;
  }

  void close() noexcept { is_open_ = false; }

  /// What a client that tries again waits: written down, not waited.
  void pause(std::chrono::milliseconds duration) { pauses_.push_back(duration); }
  const std::vector<std::chrono::milliseconds>& pauses() const noexcept { return pauses_; }

  /// Everything that was written.
  const std::string& written() const noexcept { return written_; }

  bool is_open() const noexcept { return is_open_; }

  /// Whether the last stream was ended with shutdown_write().
  bool is_shut_down() const noexcept { return is_shut_down_; }

  /// Connects, reads, writes and ends of writing so far, the failed one included.
  std::size_t calls() const noexcept { return calls_; }

 private:
  std::error_code next_call() {
    if (++calls_ != script_.failing_call) return {};
    is_open_ = false;
    return script_.failure;
  }

  std::error_code next_call_on_open() {
    const bool was_open = is_open_;
    const std::error_code ec = next_call();
    return was_open ? ec : std::make_error_code(std::errc::not_connected);
  }

  StreamScript script_;
  std::string written_;
  std::vector<std::chrono::milliseconds> pauses_;
  std::size_t calls_ = 0;
  bool is_open_ = false;
  bool is_shut_down_ = false;
};

}  // namespace statwire::testing
