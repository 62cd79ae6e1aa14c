#pragma once

// A transport chosen when the program runs, from a configuration or the environment. Every call goes to the
// transport that the endpoint names; a program that knows it when it is compiled takes that one itself.

#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>

#include "statwire/detail/config.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/endpoint.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire {

/// A DatagramTransport to any Endpoint. One thread at a time.
class EndpointTransport {
 public:
  /// As of UdpTransport.
  static constexpr std::size_t burst_datagrams = 32;

  /// Opens what the endpoint names; errors are those of the transport's constructor. Throws ClientError
  /// errc::invalid_option also for a Unix socket where the system has none.
  explicit EndpointTransport(const Endpoint& endpoint);

  /// As above, of a text. Throws ClientError errc::invalid_option that says where the text is wrong and what
  /// would be right.
  explicit EndpointTransport(std::string_view endpoint);

  EndpointTransport(const EndpointTransport&) = delete;
  EndpointTransport& operator=(const EndpointTransport&) = delete;
  ~EndpointTransport();

  std::error_code send(std::string_view datagram) noexcept;

  /// Hands over many datagrams: with few system calls where the transport can, else one by one.
  std::size_t send_batch(const DatagramBatch& batch, std::error_code& ec) noexcept;

  bool ready() noexcept;

  void after_fork() noexcept;

  /// Waits for the first lookup of a host name, where there is one to wait for; returns ready().
  bool wait_ready(Deadline deadline) noexcept;

  std::string_view name() const noexcept;

  /// Why the transport is not ready; no error when it is.
  std::error_code last_error() const noexcept;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace statwire

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/transport/impl/endpoint.ipp"
#endif
