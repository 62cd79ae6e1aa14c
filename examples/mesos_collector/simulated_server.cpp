#include "mesos_collector/simulated_server.hpp"

#include <array>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace mesos_collector {
namespace {

using asio::ip::tcp;

/// As HTTP, with what is wrong with it.
std::string to_http(const SimulatedAnswer& answer, Fault fault) {
  std::string body = answer.body;
  if (fault == Fault::bad_json) body.resize(body.size() / 2);
  std::string text = "HTTP/1.1 " + answer.status + "\r\nConnection: close\r\n";
  if (!answer.location.empty()) text += "Location: " + answer.location + "\r\n";
  text += fault == Fault::wrong_type ? "Content-Type: text/plain\r\n" : "Content-Type: application/json\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  if (fault == Fault::half_answer) text.erase(text.size() - body.size() / 2 - 1);
  return text;
}

}  // namespace

struct SimulatedServer::Session {
  explicit Session(tcp::socket connection) : socket{std::move(connection)} {}

  tcp::socket socket;
  std::string request;
  std::string answer;
  std::array<char, 4096> buffer;
};

SimulatedServer::SimulatedServer(asio::io_context& io, std::uint16_t port, Answer answer)
    : acceptor_{io}, pause_{io}, answer_{std::move(answer)} {
  try {
    open(port);
    port_ = acceptor_.local_endpoint().port();
    acceptor_.listen();
  } catch (const std::system_error& error) {
    throw std::runtime_error{"cannot listen on 127.0.0.1:" + std::to_string(port) + ": " +
                             error.code().message()};
  }
  accept();
}

void SimulatedServer::open(std::uint16_t port) {
  acceptor_.open(tcp::v4());
  statwire::detail::close_on_exec(acceptor_);
  acceptor_.set_option(asio::socket_base::reuse_address{true});
  acceptor_.bind({asio::ip::address_v4::loopback(), port});
}

/// What is bound and does not listen refuses.
void SimulatedServer::set_fault(Fault fault) {
  const bool refused = std::exchange(fault_, fault) == Fault::refuse;
  if (refused == (fault == Fault::refuse)) return;
  if (refused) {
    acceptor_.listen();
    accept();
  } else {
    acceptor_.close();
    open(port_);
  }
}

void SimulatedServer::accept() {
  acceptor_.async_accept([this](std::error_code ec, tcp::socket socket) {
    if (ec == asio::error::operation_aborted || fault_ == Fault::refuse) return;
    if (ec) return accept_later();
    read(std::make_shared<Session>(std::move(socket)));
    accept();
  });
}

/// Out of descriptors, most likely; trying again at once would only burn the processor.
void SimulatedServer::accept_later() {
  constexpr std::chrono::milliseconds pause{50};
  pause_.expires_after(pause);
  pause_.async_wait([this](std::error_code ec) {
    if (!ec) accept();
  });
}

void SimulatedServer::read(const std::shared_ptr<Session>& session) {
  constexpr std::size_t longest_request = 16 << 10;
  session->socket.async_read_some(
      asio::buffer(session->buffer), [this, session](std::error_code ec, std::size_t count) {
        if (ec) return;
        session->request.append(session->buffer.data(), count);
        if (session->request.size() > longest_request) return;
        const bool is_whole = session->request.find("\r\n\r\n") != std::string::npos;
        if (is_whole && fault_ != Fault::silence) return reply(session);
        read(session);
      });
}

void SimulatedServer::reply(const std::shared_ptr<Session>& session) {
  session->answer = reply_to(session->request);
  asio::async_write(session->socket, asio::buffer(session->answer), [session](std::error_code, std::size_t) {
    // The end of the session closes the connection, whatever became of the answer.
  });
}

std::string SimulatedServer::reply_to(std::string_view request) const {
  const std::size_t begin = request.find(' ') + 1;
  const std::string_view target = request.substr(begin, request.find_first_of(" \r", begin) - begin);
  switch (fault_) {
    case Fault::garbage:
      return "\x16\x03\x01 this is no HTTP\r\n\r\n";
    case Fault::unavailable:
      return to_http({.status = "503 Service Unavailable"}, fault_);
    default:
      return to_http(
          request.starts_with("GET ") ? answer_(target) : SimulatedAnswer{.status = "405 Method Not Allowed"},
          fault_);
  }
}

}  // namespace mesos_collector
