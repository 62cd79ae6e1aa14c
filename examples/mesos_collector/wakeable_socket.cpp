#include "mesos_collector/wakeable_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <statwire/detail/poll.hpp>
#include <statwire/detail/resolve.hpp>
#include <utility>

namespace mesos_collector {
namespace {

using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using statwire::Deadline;

std::error_code last_error() {
  return {errno, std::generic_category()};
}

int make_event() {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) throw std::system_error{last_error(), "cannot make an event descriptor"};
  return descriptor;
}

/// The system's resolver cannot be interrupted, so it is left alone when nobody wants its answer any more.
statwire::detail::Endpoints<tcp> resolve(const std::string& host, std::uint16_t port, Deadline deadline,
                                         const std::atomic<bool>& is_interrupted, std::error_code& ec) {
  if (const auto literal = statwire::detail::literal_endpoint<tcp>(host, port)) return {*literal};
  constexpr std::chrono::milliseconds slice{50};
  statwire::detail::BackgroundLookup<tcp> lookup;
  lookup.start(&statwire::detail::system_lookup<tcp>, host, port);
  while (!is_interrupted && Clock::now() < deadline) {
    if (!lookup.wait(std::min(deadline, Clock::now() + slice))) continue;
    if (auto result = lookup.poll()) {
      ec = result->ec;
      return std::move(result->endpoints);
    }
  }
  ec = statwire::errc::timed_out;
  return {};
}

/// On loopback, a port that nobody listens on may be given to the connection itself, which then reaches
/// itself.
bool is_connected_to_itself(int descriptor, const tcp::endpoint& endpoint) {
  tcp::endpoint local;
  auto size = static_cast<socklen_t>(local.capacity());
  if (::getsockname(descriptor, local.data(), &size) != 0) return false;
  local.resize(size);
  return local == endpoint;
}

}  // namespace

WakeableSocket::WakeableSocket() : wakings_{make_event()} {}

WakeableSocket::~WakeableSocket() {
  close();
  ::close(wakings_);
}

std::error_code WakeableSocket::connect(const std::string& host, std::uint16_t port, Deadline deadline) {
  std::error_code ec;
  const auto endpoints = resolve(host, port, deadline, is_interrupted_, ec);
  auto left = static_cast<Clock::rep>(endpoints.size());
  for (const tcp::endpoint& endpoint : endpoints) {
    const Deadline now = Clock::now();
    ec = try_connect(endpoint, now + (deadline - now) / left);
    if (!ec) return ec;
    --left;
  }
  close();
  return ec;
}

std::error_code WakeableSocket::try_connect(const tcp::endpoint& endpoint, Deadline deadline) {
  const int descriptor =
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return last_error();
  replace(descriptor);
  if (is_interrupted_) return std::make_error_code(std::errc::operation_canceled);
  if (::connect(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    if (errno != EINPROGRESS) return last_error();
    std::error_code ec;
    statwire::detail::wait_until_ready(descriptor, statwire::detail::Readiness::write, deadline, ec);
    if (ec) return ec;
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return last_error();
    if (error != 0) return {error, std::generic_category()};
  }
  if (is_connected_to_itself(descriptor, endpoint))
    return std::make_error_code(std::errc::connection_refused);
  // Each document is written in one go, and its confirm is waited for.
  const int on = 1;
  if (::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return last_error();
  return {};
}

int WakeableSocket::duplicate(std::error_code& ec) const {
  const int descriptor = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) ec = last_error();
  return descriptor;
}

void WakeableSocket::wait(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  constexpr std::chrono::milliseconds longest = std::chrono::hours{1};
  const auto timeout = std::clamp(left, std::chrono::milliseconds{0}, longest);
  std::array<pollfd, 2> waited{pollfd{descriptor_, POLLIN, 0}, pollfd{wakings_, POLLIN, 0}};
  ::poll(waited.data(), waited.size(), static_cast<int>(timeout.count()));
  eventfd_t count = 0;
  ::eventfd_read(wakings_, &count);
}

void WakeableSocket::close() {
  replace(-1);
}

void WakeableSocket::replace(int descriptor) {
  const std::lock_guard lock{mutex_};
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
}

void WakeableSocket::wake() {
  ::eventfd_write(wakings_, 1);
}

void WakeableSocket::interrupt() {
  is_interrupted_ = true;
  wake();
  const std::lock_guard lock{mutex_};
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

}  // namespace mesos_collector
