#pragma once

// Servers on Unix sockets for the tests of the transports: what comes is read by the test itself, with a
// deadline.

#include <asio/read.hpp>
#include <filesystem>
#include <string>

#include "statwire/detail/asio.hpp"
#include "support/loopback.hpp"

namespace statwire::test {

/// A datagram socket at a path; the file goes with it.
class UnixReceiver {
  using Protocol = asio::local::datagram_protocol;

 public:
  explicit UnixReceiver(const std::string& path) : path_{path}, socket_{io_, Protocol::endpoint{path}} {}
  ~UnixReceiver() {
    if (path_.front() != '\0') std::filesystem::remove(path_);
  }
  UnixReceiver(const UnixReceiver&) = delete;
  UnixReceiver& operator=(const UnixReceiver&) = delete;

  /// The next datagram; the test fails when none comes.
  std::string receive() {
    std::string bytes(65'536, '\0');
    bool received = false;
    socket_.async_receive(asio::buffer(bytes), [&](std::error_code ec, std::size_t size) {
      received = !ec;
      bytes.resize(size);
    });
    io_.restart();
    io_.run_for(patience);
    REQUIRE_MESSAGE(received, "no datagram came");
    return bytes;
  }

 private:
  std::string path_;
  asio::io_context io_;
  Protocol::socket socket_;
};

/// A server that accepts connections one after the other and reads what the test expects.
template <class Protocol>
class StreamReceiver {
 public:
  explicit StreamReceiver(const typename Protocol::endpoint& endpoint)
      : acceptor_{io_, endpoint}, peer_{io_} {}

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void accept() {
    std::error_code result = asio::error::timed_out;
    peer_ = typename Protocol::socket{io_};
    acceptor_.async_accept(peer_, [&](std::error_code ec) { result = ec; });
    io_.restart();
    io_.run_for(patience);
    REQUIRE_MESSAGE(!result, "nobody connected");
  }

  /// The next bytes, as many as asked for; the test fails when they do not come.
  std::string read(std::size_t bytes) {
    std::string text(bytes, '\0');
    std::error_code result = asio::error::timed_out;
    asio::async_read(peer_, asio::buffer(text), [&](std::error_code ec, std::size_t) { result = ec; });
    io_.restart();
    io_.run_for(patience);
    REQUIRE_MESSAGE(!result, "the bytes did not come: " << result.message());
    return text;
  }

  void close_connection() { peer_.close(); }
  void close_listener() { acceptor_.close(); }

 private:
  asio::io_context io_;
  typename Protocol::acceptor acceptor_;
  typename Protocol::socket peer_;
};

}  // namespace statwire::test
