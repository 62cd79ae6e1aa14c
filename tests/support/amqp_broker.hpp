#pragma once

// A broker of the test's own, on a thread: speaks as much AMQP 0-9-1 as publishing takes, keeps what was
// published as it came, and confirms it, or fails, as the test chose.

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "support/amqp_frames.hpp"

namespace statwire::test {

struct AmqpAnswer {
  enum class Then {
    go_on,
    hang_up,
    read_no_more,
  };

  std::string bytes{};
  Then then = Then::go_on;
};

/// A document as it came.
struct AmqpPublished {
  std::size_t connection = 0;  ///< Counted from 1.
  std::uint64_t tag = 0;       ///< Counted from 1 on each connection.
  std::string routing_key{};
  std::string body{};
  std::string frames{};  ///< All of its bytes.
};

struct AmqpScript {
  /// What to answer to a document, on the broker's thread.
  std::function<AmqpAnswer(const AmqpPublished&)> on_publish = [](const AmqpPublished& published) {
    return AmqpAnswer{.bytes = amqp::ack(published.tag)};
  };
  /// What to answer to other methods, instead of what a broker does.
  std::map<amqp::MethodId, AmqpAnswer> instead{};
  std::uint64_t heartbeat_seconds = 0;  ///< 0: what the client asks for.
};

class AmqpBroker {
  using Tcp = asio::ip::tcp;

 public:
  /// Listens on a port of loopback; 0 takes a free one.
  explicit AmqpBroker(AmqpScript script = {}, std::uint16_t port = 0)
      : script_{std::move(script)},
        acceptor_{io_, Tcp::endpoint{asio::ip::make_address("127.0.0.1"), port}},
        port_{acceptor_.local_endpoint().port()} {
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
  }
  AmqpBroker(const AmqpBroker&) = delete;
  AmqpBroker& operator=(const AmqpBroker&) = delete;

  /// Ends as a killed broker does.
  ~AmqpBroker() {
    io_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  std::vector<AmqpPublished> published() const {
    const std::lock_guard lock{mutex_};
    return published_;
  }

  std::vector<std::string> bodies() const {
    std::vector<std::string> bodies;
    for (const AmqpPublished& document : published()) bodies.push_back(document.body);
    return bodies;
  }

  /// How often a method came, and its last arguments.
  std::size_t count(amqp::MethodId id) const {
    const std::lock_guard lock{mutex_};
    const auto found = methods_.find(id);
    return found == methods_.end() ? 0 : found->second.size();
  }
  std::string last(amqp::MethodId id) const {
    const std::lock_guard lock{mutex_};
    const auto found = methods_.find(id);
    REQUIRE(found != methods_.end());
    return found->second.back();
  }

  std::size_t connection_count() const {
    const std::lock_guard lock{mutex_};
    return connection_count_;
  }
  std::size_t ended_count() const {
    const std::lock_guard lock{mutex_};
    return ended_count_;
  }
  std::size_t heartbeat_count() const {
    const std::lock_guard lock{mutex_};
    return heartbeat_count_;
  }

  /// Sends something over the newest connection, unasked.
  void send(std::string bytes) {
    asio::post(io_, [this, bytes = std::move(bytes)] {
      std::error_code gone;
      asio::write(connections_.back()->socket, asio::buffer(bytes), gone);
    });
  }

  /// Ends the newest connection.
  void hang_up() {
    asio::post(io_, [this] { connections_.back()->socket.close(); });
  }

 private:
  struct Connection {
    Connection(asio::io_context& io, std::size_t connection) : socket{io}, number{connection} {}

    Tcp::socket socket;
    std::size_t number;
    std::array<char, 65536> buffer{};
    std::string received{};
    bool has_begun = false;
    std::uint64_t last_tag = 0;
    AmqpPublished document{};  ///< That is under way.
    std::uint64_t body_bytes_left = 0;
  };
  using Shared = std::shared_ptr<Connection>;

  void accept() {
    auto connection = std::make_shared<Connection>(io_, connection_count_ + 1);
    acceptor_.async_accept(connection->socket, [this, connection](std::error_code ec) {
      if (ec) return;
      {
        const std::lock_guard lock{mutex_};
        ++connection_count_;
      }
      connections_.push_back(connection);
      read(connection);
      accept();
    });
  }

  void read(const Shared& connection) {
    connection->socket.async_read_some(asio::buffer(connection->buffer),
                                       [this, connection](std::error_code ec, std::size_t size) {
                                         if (ec) return end(*connection);
                                         connection->received.append(connection->buffer.data(), size);
                                         if (take_all(*connection)) read(connection);
                                       });
  }

  void end(Connection& connection) {
    connection.socket.close();
    const std::lock_guard lock{mutex_};
    ++ended_count_;
  }

  /// Returns whether to read on.
  bool take_all(Connection& connection) {
    if (!connection.has_begun) {
      const std::string header{"AMQP\0\0\x09\x01", 8};
      if (connection.received.size() < header.size()) return true;
      connection.has_begun = connection.received.starts_with(header);
      connection.received.erase(0, header.size());
      if (!connection.has_begun || !answer(connection, answer_to(amqp::protocol_header))) return false;
    }
    while (const std::optional<amqp::Frame> frame = amqp::cut_frame(connection.received)) {
      if (!take(connection, *frame)) return false;
    }
    return true;
  }

  bool take(Connection& connection, const amqp::Frame& frame) {
    switch (frame.type) {
      case amqp::FrameType::heartbeat: {
        const std::lock_guard lock{mutex_};
        ++heartbeat_count_;
        return true;
      }
      case amqp::FrameType::method:
        if (amqp::method_of(frame) == amqp::basic_publish) {
          begin_document(connection, frame);
          return true;
        }
        return take_method(connection, frame);
      case amqp::FrameType::header:
        connection.document.frames += frame.bytes;
        connection.body_bytes_left = amqp::read_number(std::string_view{frame.payload}.substr(4, 8));
        break;
      case amqp::FrameType::body:
        connection.document.frames += frame.bytes;
        connection.document.body += frame.payload;
        connection.body_bytes_left -= frame.payload.size();
        break;
    }
    return connection.body_bytes_left != 0 || take_document(connection);
  }

  /// Its arguments: a number, the names of exchange and routing key, bits.
  void begin_document(Connection& connection, const amqp::Frame& frame) {
    const std::size_t exchange_bytes = static_cast<unsigned char>(frame.payload.at(6));
    const std::size_t at = 7 + exchange_bytes;
    const std::size_t key_bytes = static_cast<unsigned char>(frame.payload.at(at));
    connection.document = {.connection = connection.number,
                           .tag = ++connection.last_tag,
                           .routing_key = frame.payload.substr(at + 1, key_bytes),
                           .frames = frame.bytes};
  }

  bool take_document(Connection& connection) {
    {
      const std::lock_guard lock{mutex_};
      published_.push_back(connection.document);
    }
    return answer(connection, script_.on_publish(connection.document));
  }

  bool take_method(Connection& connection, const amqp::Frame& frame) {
    const amqp::MethodId id = amqp::method_of(frame);
    {
      const std::lock_guard lock{mutex_};
      methods_[id].push_back(frame.payload.substr(4));
    }
    return answer(connection, answer_to(id));
  }

  AmqpAnswer answer_to(amqp::MethodId id) const {
    using namespace amqp;
    if (const auto found = script_.instead.find(id); found != script_.instead.end()) return found->second;
    if (id == protocol_header) return {.bytes = start("AMQPLAIN PLAIN")};
    if (id == connection_start_ok) return {.bytes = tune(script_.heartbeat_seconds)};
    if (id == connection_open) return {.bytes = method(0, connection_open_ok, short_string(""))};
    if (id == channel_open) return {.bytes = method(1, channel_open_ok, long_string(""))};
    if (id == queue_declare) {
      const std::string no_messages_nor_readers = number(0, 4) + number(0, 4);
      return {.bytes = method(1, queue_declare_ok, short_string("asgard.stats") + no_messages_nor_readers)};
    }
    if (id == confirm_select) return {.bytes = method(1, confirm_select_ok)};
    if (id == connection_close) return {.bytes = method(0, connection_close_ok)};
    return {};
  }

  bool answer(Connection& connection, const AmqpAnswer& answer) {
    std::error_code ec;
    if (!answer.bytes.empty()) asio::write(connection.socket, asio::buffer(answer.bytes), ec);
    if (ec || answer.then == AmqpAnswer::Then::hang_up) end(connection);
    return !ec && answer.then == AmqpAnswer::Then::go_on;
  }

  const AmqpScript script_;
  asio::io_context io_{1};
  Tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::vector<Shared> connections_;  ///< Whoever is not read from stays connected.

  mutable std::mutex mutex_;  // of these
  std::vector<AmqpPublished> published_;
  std::map<amqp::MethodId, std::vector<std::string>> methods_;
  std::size_t connection_count_ = 0;
  std::size_t ended_count_ = 0;
  std::size_t heartbeat_count_ = 0;

  std::thread thread_;
};

}  // namespace statwire::test
