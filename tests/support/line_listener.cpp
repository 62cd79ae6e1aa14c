#include "support/line_listener.hpp"

#include <array>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "support/text.hpp"

namespace statwire::test {

class LineListener::Acceptor {
  using Tcp = asio::ip::tcp;

 public:
  Acceptor(std::uint16_t port, Reading reading)
      : reading_{reading}, acceptor_{io_, Tcp::endpoint{asio::ip::make_address("127.0.0.1"), port}} {
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
  }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  ~Acceptor() {
    io_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  std::size_t connection_count() const {
    const std::lock_guard lock{mutex_};
    return connections_.size();
  }

  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    std::size_t size = 0;
    for (const auto& connection : connections_) size += connection->text.size();
    return size;
  }

  std::size_t unread() const {
    const std::lock_guard lock{mutex_};
    std::size_t size = 0;
    for (const auto& connection : connections_) size += connection->socket.available();
    return size;
  }

  std::vector<std::string> lines(std::size_t connection) const {
    const std::lock_guard lock{mutex_};
    return connection < connections_.size() ? split(connections_[connection]->text, '\n')
                                            : std::vector<std::string>{""};
  }

  std::string text() const {
    const std::lock_guard lock{mutex_};
    std::string text;
    for (const auto& connection : connections_) text += connection->text;
    return text;
  }

 private:
  struct Connection {
    explicit Connection(asio::io_context& io) : socket{io} {}

    Tcp::socket socket;
    std::string text;
    std::array<char, 65'536> buffer;
  };

  void accept() {
    pending_ = std::make_unique<Connection>(io_);
    acceptor_.async_accept(pending_->socket, [this](std::error_code ec) {
      if (ec) return;
      Connection& connection = *pending_;
      {
        const std::lock_guard lock{mutex_};
        connections_.push_back(std::move(pending_));
      }
      if (reading_ == Reading::always) read(connection);
      accept();
    });
  }

  void read(Connection& connection) {
    connection.socket.async_read_some(asio::buffer(connection.buffer),
                                      [this, &connection](std::error_code ec, std::size_t size) {
                                        if (ec) return connection.socket.close();
                                        {
                                          const std::lock_guard lock{mutex_};
                                          connection.text.append(connection.buffer.data(), size);
                                        }
                                        read(connection);
                                      });
  }

  Reading reading_;
  mutable std::mutex mutex_;
  asio::io_context io_{1};
  Tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::unique_ptr<Connection> pending_;
  std::deque<std::unique_ptr<Connection>> connections_;
  std::thread thread_;
};

LineListener::LineListener(std::uint16_t port, Reading reading)
    : acceptor_{std::make_unique<Acceptor>(port, reading)} {}
LineListener::~LineListener() = default;

std::uint16_t LineListener::port() const {
  return acceptor_->port();
}

std::size_t LineListener::connection_count() const {
  return acceptor_->connection_count();
}

std::size_t LineListener::size() const {
  return acceptor_->size();
}

std::size_t LineListener::unread() const {
  return acceptor_->unread();
}

std::vector<std::string> LineListener::lines(std::size_t connection) const {
  return acceptor_->lines(connection);
}

std::string LineListener::text() const {
  return acceptor_->text();
}

}  // namespace statwire::test
