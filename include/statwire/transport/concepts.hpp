#pragma once

// What a transport must offer. Clients take any type that does, so sockets can be replaced by the fakes of
// testing/ or by a user's own. Each requirement is a concept with a name of its own: when a type lacks one,
// the compiler names it. Implemented by udp.hpp, tcp.hpp and null.hpp.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

namespace statwire {

/// Until when a blocking call may take.
using Deadline = std::chrono::steady_clock::time_point;

/// `std::error_code send(std::string_view datagram) noexcept`: hands over one datagram, never blocks. It is
/// called by one thread at a time.
template <class Transport>
concept HasNoexceptSend = requires(Transport& transport, std::string_view datagram) {
  requires noexcept(transport.send(datagram));
  { transport.send(datagram) } -> std::same_as<std::error_code>;
};

/// A way for datagrams to leave the process.
template <class Transport>
concept DatagramTransport = HasNoexceptSend<Transport>;

/// `void connect(Deadline, std::error_code&)`: opens the stream, anew when it was closed.
template <class Transport>
concept HasConnect = requires(Transport& transport, Deadline deadline, std::error_code& ec) {
  { transport.connect(deadline, ec) } -> std::same_as<void>;
};

/// `std::size_t read_some(std::span<char>, Deadline, std::error_code&)`: waits for bytes; at the end of the
/// stream sets errc::end_of_stream, past the deadline errc::timed_out.
template <class Transport>
concept HasReadSome = requires(Transport& transport, std::span<char> buffer, Deadline deadline,
                               std::error_code& ec) {
  { transport.read_some(buffer, deadline, ec) } -> std::same_as<std::size_t>;
};

/// `std::size_t write_some(std::string_view, Deadline, std::error_code&)`: writes a part, at least one byte.
template <class Transport>
concept HasWriteSome = requires(Transport& transport, std::string_view bytes, Deadline deadline,
                                std::error_code& ec) {
  { transport.write_some(bytes, deadline, ec) } -> std::same_as<std::size_t>;
};

/// `void close() noexcept`: ends the stream; harmless when it is closed.
template <class Transport>
concept HasNoexceptClose = requires(Transport& transport) {
  requires noexcept(transport.close());
  { transport.close() } -> std::same_as<void>;
};

/// A connection that carries bytes both ways, used by one thread at a time.
template <class Transport>
concept StreamTransport =
    HasConnect<Transport> && HasReadSome<Transport> && HasWriteSome<Transport> && HasNoexceptClose<Transport>;

}  // namespace statwire
