#pragma once

// A plain UDP receiver, and raw bytes over TCP. Compiled once, so that the many tests that use them do not
// read Asio.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "support/patience.hpp"

namespace statwire::test {

/// A socket that nobody reads from until the test does.
class UdpReceiver {
 public:
  explicit UdpReceiver(const std::string& address = "127.0.0.1");
  ~UdpReceiver();

  std::uint16_t port() const;

  /// The next datagram; the test fails when none comes.
  std::string receive();

  bool is_empty();

 private:
  struct Socket;
  std::unique_ptr<Socket> socket_;
};

/// Waits until somebody listens on a port.
void wait_for_listener(std::uint16_t port);

/// A connection that sends and expects bytes as they are.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port);
  ~RawConnection();

  void send(std::string_view bytes);

  /// Reads as many bytes as are expected and compares them.
  void expect(const std::string& expected);

  /// Reads until what came ends with these bytes; returns it.
  std::string read_until(std::string_view ending);

  /// Reads until the peer closes the connection; returns what came.
  std::string read_to_end();

  void close();

 private:
  struct Transport;
  std::unique_ptr<Transport> transport_;
};

}  // namespace statwire::test
