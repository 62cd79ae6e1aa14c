#pragma once

// One TCP client that sends StatsD lines. It gets no answer, so all there is to do is to read and to cut.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/farewell.hpp"
#include "statwire/server/keep_alive.hpp"
#include "statwire/server/line_cutter.hpp"
#include "statwire/server/mishap.hpp"
#include "statwire/server/packet_intake.hpp"

namespace statwire::server::detail {

class StatsdLinesSession;

/// What the sessions of a server share. Their handlers run only while it lives; the count and the set outlive
/// it, for sessions end with the event loop.
struct StatsdLinesSessions {
  PacketIntake& intake;
  std::size_t max_line_bytes;
  /// Where every session reads: an idle one owns no more than the line that it has begun.
  std::vector<char> buffer = std::vector<char>(65'536);
  std::vector<std::string_view> lines{};  ///< Of one read.
  std::shared_ptr<std::size_t> count = std::make_shared<std::size_t>(0);
  std::shared_ptr<std::set<StatsdLinesSession*>> all = std::make_shared<std::set<StatsdLinesSession*>>();

  /// Reads what the clients have sent up to now; for the end.
  inline void settle();
};

/// Lives as long as an operation of its own is under way.
class StatsdLinesSession : public std::enable_shared_from_this<StatsdLinesSession> {
 public:
  StatsdLinesSession(asio::ip::tcp::socket socket, StatsdLinesSessions& sessions)
      : socket_{std::move(socket)},
        sessions_{sessions},
        cutter_{sessions.max_line_bytes},
        presence_{sessions.count},
        all_{sessions.all} {
    all_->insert(this);
  }
  StatsdLinesSession(const StatsdLinesSession&) = delete;
  StatsdLinesSession& operator=(const StatsdLinesSession&) = delete;
  ~StatsdLinesSession() { all_->erase(this); }

  void begin() {
    std::error_code ec;
    set_keep_alive(socket_);
    socket_.non_blocking(true, ec);
    if (!ec) wait();
  }

  /// Reads what has come up to now. A client that does not stop cannot hold it up.
  void settle() {
    constexpr int max_reads = 128;
    std::error_code ec;
    for (int i = 0; i < max_reads && read_some(ec) > 0; ++i) {
    }
  }

 private:
  void wait() {
    socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](std::error_code ec) {
      // One that throws, for want of memory, ends the session, and with it the connection.
      if (!ec) survives([&] { self->read(); });
    });
  }

  void read() {
    std::error_code ec;
    read_some(ec);
    if (ec && ec != asio::error::would_block && ec != asio::error::interrupted) return end();
    wait();
  }

  std::size_t read_some(std::error_code& ec) {
    const std::size_t bytes = socket_.read_some(asio::buffer(sessions_.buffer), ec);
    take({sessions_.buffer.data(), bytes});
    return bytes;
  }

  void take(std::string_view bytes) {
    auto& lines = sessions_.lines;
    lines.clear();
    const std::uint64_t long_lines = cutter_.long_lines();
    cutter_.give(bytes, [&](std::string_view line) { lines.push_back(line); });
    sessions_.intake.add(lines);
    sessions_.intake.counts().long_lines += cutter_.long_lines() - long_lines;
  }

  /// As with the reference daemon, a line without its end is none.
  void end() {
    if (cutter_.has_half_line()) ++sessions_.intake.counts().half_lines;
  }

  asio::ip::tcp::socket socket_;
  StatsdLinesSessions& sessions_;
  LineCutter cutter_;
  Presence presence_;
  std::shared_ptr<std::set<StatsdLinesSession*>> all_;
};

inline void StatsdLinesSessions::settle() {
  for (StatsdLinesSession* const session : *all) survives([&] { session->settle(); });
}

}  // namespace statwire::server::detail
