#include "listening.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

namespace example {
namespace {

void configure(httplib::Server& server, const ListeningOptions& options) {
  server.new_task_queue = [threads = options.connections] { return new httplib::ThreadPool{threads}; };
  server.set_keep_alive_max_count(options.requests_of_connection);
  server.set_keep_alive_timeout(1);  // seconds; as long may the end have to wait
  server.set_read_timeout(1);
  server.set_write_timeout(1);
  server.set_payload_max_length(options.longest_body);
  server.set_tcp_nodelay(true);  // head and body are two writes: the second would wait for an acknowledgement
  // cpp-httplib's own options let two servers take the same port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
}

ListenAddress bind(httplib::Server& server, const ListenAddress& wanted) {
  errno = 0;
  int port = wanted.port;
  if (wanted.port == 0) {
    port = server.bind_to_any_port(wanted.host);
  } else if (!server.bind_to_port(wanted.host, wanted.port)) {
    port = -1;
  }
  if (port > 0) return {.host = wanted.host, .port = static_cast<std::uint16_t>(port)};
  // cpp-httplib does not say why, but the system call that failed was its last.
  const std::string reason = errno == 0 ? "no such address" : std::generic_category().message(errno);
  throw std::runtime_error{"cannot listen on " + to_string(wanted) + ": " + reason};
}

}  // namespace

Listening::Listening(httplib::Server& server, const ListenAddress& address, const ListeningOptions& options)
    : server_{server} {
  configure(server, options);
  address_ = bind(server, address);
  thread_ = std::thread{[this] {
    server_.listen_after_bind();
    has_ended_ = true;
  }};
  // Until it runs, stop() would do nothing, and cpp-httplib has nothing to wait for.
  while (!server_.is_running() && !has_ended_) std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

Listening::~Listening() {
  server_.stop();
  thread_.join();
}

}  // namespace example
