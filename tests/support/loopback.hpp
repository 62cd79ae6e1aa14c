#pragma once

// What the integration tests share: deadlines instead of sleeps, a plain UDP receiver, and raw bytes over
// TCP.

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/transport/tcp.hpp"

namespace statwire::test {

/// Generous, for loaded machines and sanitizers; nothing waits that long unless it fails.
inline constexpr std::chrono::seconds patience{20};

inline Deadline soon() {
  return std::chrono::steady_clock::now() + patience;
}

/// A socket that nobody reads from until the test does.
class UdpReceiver {
 public:
  explicit UdpReceiver(const std::string& address = "127.0.0.1")
      : socket_{io_, asio::ip::udp::endpoint{asio::ip::make_address(address), 0}} {}

  std::uint16_t port() const { return socket_.local_endpoint().port(); }

  /// The next datagram; the test fails when none comes.
  std::string receive() {
    std::array<char, 65536> buffer;
    std::size_t bytes = 0;
    bool received = false;
    socket_.async_receive(asio::buffer(buffer), [&](std::error_code ec, std::size_t size) {
      received = !ec;
      bytes = size;
    });
    io_.restart();
    io_.run_for(patience);
    REQUIRE_MESSAGE(received, "no datagram came");
    return {buffer.data(), bytes};
  }

  bool is_empty() { return socket_.available() == 0; }

 private:
  asio::io_context io_;
  asio::ip::udp::socket socket_;
};

/// A connection that sends and expects bytes as they are.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port) : transport_{"127.0.0.1", port} {
    std::error_code ec;
    transport_.connect(soon(), ec);
    REQUIRE_MESSAGE(!ec, ec.message());
  }

  void send(std::string_view bytes) {
    std::error_code ec;
    while (!ec && !bytes.empty()) bytes.remove_prefix(transport_.write_some(bytes, soon(), ec));
    REQUIRE_MESSAGE(!ec, ec.message());
  }

  /// Reads as many bytes as are expected and compares them.
  void expect(const std::string& expected) {
    std::string received(expected.size(), '\0');
    std::size_t size = 0;
    std::error_code ec;
    while (!ec && size < received.size()) {
      size += transport_.read_some(std::span{received}.subspan(size), soon(), ec);
    }
    received.resize(size);
    CHECK(received == expected);
    REQUIRE_MESSAGE(!ec, ec.message());
  }

  /// Reads until what came ends with these bytes; returns it.
  std::string read_until(std::string_view ending) {
    std::string received;
    std::array<char, 4096> buffer;
    std::error_code ec;
    while (!ec && !received.ends_with(ending)) {
      received.append(buffer.data(), transport_.read_some(buffer, soon(), ec));
    }
    REQUIRE_MESSAGE(!ec, ec.message());
    return received;
  }

  /// Reads until the peer closes the connection; returns what came.
  std::string read_to_end() {
    std::string received;
    std::array<char, 4096> buffer;
    std::error_code ec;
    while (!ec) received.append(buffer.data(), transport_.read_some(buffer, soon(), ec));
    // A peer that closes with bytes of ours unread resets the connection; both mean that it is gone.
    CHECK((ec == errc::end_of_stream || ec == std::errc::connection_reset));
    return received;
  }

  void close() { transport_.close(); }

 private:
  TcpTransport transport_;
};

/// Counts events of other threads, and lets a test wait for the n-th.
class EventCount {
 public:
  void add() {
    const std::lock_guard lock{mutex_};
    ++count_;
    changed_.notify_all();
  }

  void wait_for(std::size_t count) {
    std::unique_lock lock{mutex_};
    REQUIRE_MESSAGE(changed_.wait_for(lock, patience, [&] { return count_ >= count; }),
                    "only " << count_ << " events");
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

}  // namespace statwire::test
