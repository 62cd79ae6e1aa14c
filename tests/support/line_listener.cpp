#include "support/line_listener.hpp"

#include <array>

#include "support/peer_listener.hpp"
#include "support/text.hpp"

namespace statwire::test {

class LineListener::Peer {
  struct Connection {
    explicit Connection(asio::io_context& io) : socket{io} {}

    asio::ip::tcp::socket socket;
    std::string text;
    std::array<char, 65'536> buffer;
  };

  void read(Connection& connection) {
    listener.read(connection, [this, &connection] { read(connection); });
  }

 public:
  Peer(std::uint16_t port, Reading reading)
      : listener{"127.0.0.1", port, [this, reading](Connection& connection) {
                   if (reading == Reading::always) read(connection);
                 }} {}

  PeerListener<Connection> listener;
};

LineListener::LineListener(std::uint16_t port, Reading reading)
    : peer_{std::make_unique<Peer>(port, reading)} {}
LineListener::~LineListener() = default;

std::uint16_t LineListener::port() const {
  return peer_->listener.port();
}

std::size_t LineListener::connection_count() const {
  return peer_->listener.connection_count();
}

std::size_t LineListener::size() const {
  return text().size();
}

std::size_t LineListener::unread() const {
  return peer_->listener.look_at([](const auto& connections) {
    std::size_t size = 0;
    for (const auto& connection : connections) size += connection->socket.available();
    return size;
  });
}

std::vector<std::string> LineListener::lines(std::size_t connection) const {
  return peer_->listener.look_at([connection](const auto& connections) {
    return split(connection < connections.size() ? connections[connection]->text : "", '\n');
  });
}

std::string LineListener::text() const {
  return peer_->listener.look_at([](const auto& connections) {
    std::string text;
    for (const auto& connection : connections) text += connection->text;
    return text;
  });
}

}  // namespace statwire::test
