#pragma once

// A small HTTP server of a simulated cluster: answers one GET a connection, or does wrong.

#include <cstdint>
#include <functional>
#include <memory>
#include <statwire/detail/asio.hpp>
#include <string>
#include <string_view>

namespace mesos_collector {

/// How a simulated server fails.
enum class Fault {
  none,
  refuse,       ///< Nobody listens; the port stays taken.
  silence,      ///< Takes connections, and says nothing.
  garbage,      ///< Answers with bytes that are no HTTP.
  half_answer,  ///< Ends in the middle of the body.
  unavailable,  ///< 503, as a master without a leader.
  bad_json,     ///< The body is cut off, and the header says that it is whole.
  wrong_type,   ///< text/plain.
};

/// What a simulated server answers with.
struct SimulatedAnswer {
  std::string status = "200 OK";
  std::string location{};  ///< Empty: none.
  std::string body{};
};

/// On a port of 127.0.0.1. All but the constructor is for the thread that runs `io`, or for when none does.
class SimulatedServer {
 public:
  /// By the target of the request, such as `/slaves`.
  using Answer = std::function<SimulatedAnswer(std::string_view target)>;

  /// Listens; port 0 takes a free one. Throws std::runtime_error that says why it cannot.
  SimulatedServer(asio::io_context& io, std::uint16_t port, Answer answer);

  std::uint16_t port() const { return port_; }

  /// For every request that has not come yet.
  void set_fault(Fault fault);

 private:
  struct Session;

  void open(std::uint16_t port);
  void accept();
  void accept_later();
  void read(const std::shared_ptr<Session>& session);
  void reply(const std::shared_ptr<Session>& session);
  std::string reply_to(std::string_view request) const;

  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Answer answer_;
  std::uint16_t port_ = 0;
  Fault fault_ = Fault::none;
};

}  // namespace mesos_collector
