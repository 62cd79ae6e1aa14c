#pragma once

// npm statsd and StatsdServer side by side: what is sent goes to both, and what they flush and answer is
// compared.

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/statsd_server.hpp"
#include "support/npm_statsd.hpp"

namespace statwire::test {

/// What depends on when, and how fast, each of the two flushes.
inline bool depends_on_clock(std::string_view path) {
  for (const std::string_view part : {".graphiteStats.", ".processing_time", ".timestamp_lag"}) {
    if (path.find(part) != std::string_view::npos) return true;
  }
  return false;
}

/// The same paths and, but for clocks, the same values.
inline void check_same(const Flushed& theirs, const Flushed& ours) {
  for (const auto& line : theirs) {
    const std::string& path = line.first;
    const double value = line.second;
    CAPTURE(path);
    const auto found = ours.find(path);
    CHECK_MESSAGE(found != ours.end(), "ours did not flush it");
    if (found == ours.end() || depends_on_clock(path)) continue;
    const bool is_same = found->second == value || (std::isnan(found->second) && std::isnan(value));
    CHECK_MESSAGE(is_same, "ours is " << found->second << ", theirs is " << value);
  }
  for (const auto& line : ours) {
    const std::string& path = line.first;
    CAPTURE(path);
    CHECK_MESSAGE(theirs.contains(path), "theirs did not flush it");
  }
}

/// Sends datagrams to a port of loopback.
class UdpSender {
 public:
  explicit UdpSender(std::uint16_t port) { socket_.connect({asio::ip::make_address("127.0.0.1"), port}); }

  void send(std::string_view datagram) { socket_.send(asio::buffer(datagram)); }

 private:
  asio::io_context io_;
  asio::ip::udp::socket socket_{io_};
};

class NpmPair {
 public:
  NpmPair(server::AggregatorOptions ours, const std::string& theirs)
      : prefix_stats_{ours.prefix_stats},
        theirs_{theirs},
        ours_{{.flush_interval = ours.flush_interval,
               .flush = Flush::manual,
               .aggregation = std::move(ours),
               .tcp_port = 0,
               .admin_port = 0,
               .on_flush = [this](const server::FlushedBatch& batch) {
                 for (const server::FlushedLine line : batch) server::append_flushed_line(text_, line);
               }}} {
    ours_.start();
    to_theirs_.emplace(theirs_.port());
    to_ours_.emplace(ours_.port());
  }

  /// Sends one datagram to each.
  void send(std::string_view datagram) {
    to_theirs_->send(datagram);
    to_ours_->send(datagram);
    // No more at once than any receive buffer takes.
    if (++sent_ % 64 == 0) settle();
  }

  /// Opens a connection to each, sends the pieces one after another, and closes them. Each line is to be the
  /// end of a piece, for the reference daemon counts the lines that it reads at once as one packet.
  void send_lines(const std::vector<std::string_view>& pieces) {
    RawConnection to_theirs{theirs_.tcp_port()};
    RawConnection to_ours{ours_.tcp_port()};
    for (const std::string_view piece : pieces) {
      to_theirs.send(piece);
      to_ours.send(piece);
      if (!piece.ends_with('\n')) continue;
      ++sent_;
      settle();
    }
  }

  /// Waits until both have received everything.
  void settle() {
    theirs_.wait_for_packets(sent_, prefix_stats_);
    REQUIRE(ours_.wait_for_packets(sent_before_ + sent_, patience));
  }

  struct Both {
    Flushed theirs;
    Flushed ours;
  };

  /// Has both flush what they have.
  Both flush() {
    sent_before_ += sent_;
    sent_ = 0;
    text_.clear();
    ours_.flush();
    return {theirs_.flush(), read_flush(text_)};
  }

  /// Has both flush everything, and compares. Returns what the reference daemon flushed.
  Flushed check_flush() {
    settle();
    const Both both = flush();
    check_same(both.theirs, both.ours);
    return both.theirs;
  }

  /// Asks both admin ports, and compares; returns what the reference daemon said.
  std::string check_answer(const std::string& command, const std::string& ending = "END\n\n") {
    CAPTURE(command);
    const std::string theirs = theirs_.ask(command, ending);
    CHECK(ask_admin(ours_.admin_port(), command, ending) == theirs);
    return theirs;
  }

  const NpmStatsd& theirs() const { return theirs_; }
  const server::StatsdServer& ours() const { return ours_; }

 private:
  std::string prefix_stats_;
  NpmStatsd theirs_;
  std::string text_;  ///< The last flush of ours.
  server::StatsdServer ours_;
  std::optional<UdpSender> to_theirs_;
  std::optional<UdpSender> to_ours_;
  std::uint64_t sent_ = 0;         ///< Since the last flush.
  std::uint64_t sent_before_ = 0;  ///< Before it.
};

}  // namespace statwire::test
