#pragma once

// The two ends of the benchmarks of put and get, on Linux: client and server each on a processor of its own,
// and beside them the floor, blocking calls of the system that carry the same bytes.

#if defined(__linux__)

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/server/metrics_server.hpp"

namespace bench {

/// Keeps the calling thread on one processor, where there are at least two.
inline void stay_on_processor(unsigned number) {
  if (std::thread::hardware_concurrency() < 2) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(number, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

inline constexpr unsigned client_processor = 0;
inline constexpr unsigned server_processor = 1;

/// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {
    if (fd < 0) throw std::system_error{errno, std::system_category()};
  }
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

inline sockaddr_in loopback_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline Descriptor tcp_socket() {
  return Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

inline Descriptor dial(std::uint16_t port) {
  Descriptor fd = tcp_socket();
  const sockaddr_in address = loopback_address(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error{errno, std::system_category()};
  }
  return fd;
}

/// A blocking connection with nothing around it.
class BareConnection {
 public:
  explicit BareConnection(std::uint16_t port) : BareConnection{dial(port)} {}
  explicit BareConnection(Descriptor fd) : fd_{std::move(fd)} {
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (written < 0) throw std::system_error{errno, std::system_category()};
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// What has come, at least a byte; empty at the end.
  std::string_view read() {
    const ssize_t size = ::recv(fd_.get(), in_.data(), in_.size(), 0);
    return {in_.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

 private:
  Descriptor fd_;
  std::vector<char> in_ = std::vector<char>(65536);
};

class BareListener {
 public:
  BareListener() {
    sockaddr_in address = loopback_address(0);
    socklen_t size = sizeof address;
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(fd_.get(), 1) != 0 ||
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::system_error{errno, std::system_category()};
    }
    port_ = ntohs(address.sin_port);
  }

  std::uint16_t port() const { return port_; }

  Descriptor accept() { return Descriptor{::accept(fd_.get(), nullptr, nullptr)}; }

 private:
  Descriptor fd_ = tcp_socket();
  std::uint16_t port_ = 0;
};

/// The least that a server can do for one client: reads, and writes what `answer` makes of it.
class BareServer {
 public:
  template <class Answer>
  explicit BareServer(Answer answer) {
    thread_ = std::thread{[this, answer] {
      stay_on_processor(server_processor);
      BareConnection client{listener_.accept()};
      for (std::string_view bytes; !(bytes = client.read()).empty();) client.write(answer(bytes));
    }};
  }
  ~BareServer() { thread_.join(); }  // its client has gone

  std::uint16_t port() const { return listener_.port(); }

 private:
  BareListener listener_;
  std::thread thread_;
};

/// A metrics server on a processor of its own.
template <class Store = statwire::server::MemoryStore>
class ServerThread {
 public:
  explicit ServerThread(Store store = Store{}) : server_{{}, std::move(store)} {
    thread_ = std::thread{[this] {
      stay_on_processor(server_processor);
      server_.run();
    }};
    while (server_.port() == 0) std::this_thread::yield();
  }
  ~ServerThread() {
    server_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return server_.port(); }

  /// What the thread has spent so far.
  std::chrono::nanoseconds cpu_time() {
    clockid_t clock{};
    std::timespec time{};
    ::pthread_getcpuclockid(thread_.native_handle(), &clock);
    ::clock_gettime(clock, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  }

 private:
  statwire::server::MetricsServer<Store> server_;
  std::thread thread_;
};

inline std::chrono::duration<double> time_of(auto&& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::steady_clock::now() - start;
}

}  // namespace bench

#endif  // defined(__linux__)
