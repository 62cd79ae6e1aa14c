#pragma once

// What a transport must offer. Clients take any type that does, so sockets can be replaced by the fakes of
// testing/ or by a user's own. Each requirement is a concept with a name of its own: when a type lacks one,
// the compiler names it. Implemented by udp.hpp, tcp.hpp and null.hpp.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

namespace statwire {

/// Until when a blocking call may take.
using Deadline = std::chrono::steady_clock::time_point;

/// The time that is so far from now; a duration beyond the clock's range gives no deadline at all.
inline Deadline deadline_after(std::chrono::milliseconds duration) noexcept {
  const Deadline now = std::chrono::steady_clock::now();
  const auto range = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::max() - now);
  return duration < range ? now + duration : Deadline::max();
}

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

/// Datagrams that lie in memory one after the other, each in a slot of the same size.
struct DatagramBatch {
  const char* bytes = nullptr;  ///< Where the first slot begins.
  std::size_t slot_bytes = 0;   ///< From the beginning of a slot to the next.
  std::span<const std::uint32_t>
      sizes{};  ///< Bytes of each datagram, at most slot_bytes; at least one datagram.
  /// Every slot but the last is filled up with line feeds to slot_bytes, and the server does not mind empty
  /// lines: the kernel may cut the whole run into datagrams of slot_bytes (segmentation offload).
  bool padded = false;

  std::string_view datagram(std::size_t index) const noexcept {
    return {bytes + index * slot_bytes, sizes[index]};
  }
};

/// Optional: `std::size_t send_batch(const DatagramBatch&, std::error_code&) noexcept` hands over many
/// datagrams with few system calls. It returns how many it handed over, from the first on; when that is not
/// all, `ec` says why the next could not go.
template <class Transport>
concept HasSendBatch = requires(Transport& transport, const DatagramBatch& batch, std::error_code& ec) {
  requires noexcept(transport.send_batch(batch, ec));
  { transport.send_batch(batch, ec) } -> std::same_as<std::size_t>;
};

/// Optional: `bool ready() noexcept` tells whether a datagram would have somewhere to go, and does what has
/// to be done now and then (opens, resolves, reconnects), without blocking. While it says no, a client keeps
/// what it has instead of losing it.
template <class Transport>
concept HasReady = requires(Transport& transport) {
  requires noexcept(transport.ready());
  { transport.ready() } -> std::same_as<bool>;
};

/// Optional: `bool wait_ready(Deadline) noexcept` waits until it is ready, or cannot be for now; returns
/// ready().
template <class Transport>
concept HasWaitReady = requires(Transport& transport, Deadline deadline) {
  requires noexcept(transport.wait_ready(deadline));
  { transport.wait_ready(deadline) } -> std::same_as<bool>;
};

/// Optional: `void after_fork() noexcept` is called in the child of a fork(), which must not share a
/// connection with its parent.
template <class Transport>
concept HasAfterFork = requires(Transport& transport) {
  requires noexcept(transport.after_fork());
  { transport.after_fork() } -> std::same_as<void>;
};

/// Optional: `static constexpr std::size_t burst_datagrams`: after so many datagrams without a pause a
/// receiver with a default buffer may lose some, so clients pause.
template <class Transport>
concept HasBurstDatagrams = requires {
  { Transport::burst_datagrams } -> std::convertible_to<std::size_t>;
};

/// Optional: `std::string_view name() const noexcept`: what telemetry calls it: udp, uds, tcp, ...
template <class Transport>
concept HasName = requires(const Transport& transport) {
  requires noexcept(transport.name());
  { transport.name() } -> std::same_as<std::string_view>;
};

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

/// How many bytes went each way.
struct Transferred {
  std::size_t written = 0;
  std::size_t read = 0;
};

/// Optional: `Transferred transfer(std::string_view out, std::span<char> in, Deadline, std::error_code&)`:
/// writes or reads, whichever can be done first, at least one byte; both where that costs no waiting. `out`
/// may be empty. What is counted took place, also when an error is set. With it, requests never wait for the
/// replies to those before them; without it, clients send them in batches.
template <class Transport>
concept HasTransfer = requires(Transport& transport, std::string_view out, std::span<char> in,
                               Deadline deadline, std::error_code& ec) {
  { transport.transfer(out, in, deadline, ec) } -> std::same_as<Transferred>;
};

/// Optional: `void shutdown_write(std::error_code&)`: says that no more will be written; reading goes on.
/// After it, the end of the stream that read_some tells means that the peer took all that was written, where
/// the system can say; connection_reset means that it did not.
template <class Transport>
concept HasShutdownWrite = requires(Transport& transport, std::error_code& ec) {
  { transport.shutdown_write(ec) } -> std::same_as<void>;
};

/// Optional: `std::size_t unacknowledged_bytes() noexcept`: of what was written, what the peer's system has
/// not acknowledged; 0 where the system cannot say.
template <class Transport>
concept HasUnacknowledgedBytes = requires(Transport& transport) {
  requires noexcept(transport.unacknowledged_bytes());
  { transport.unacknowledged_bytes() } -> std::same_as<std::size_t>;
};

/// Optional: `void pause(std::chrono::milliseconds)`: waits before another try, where not by sleeping.
template <class Transport>
concept HasPause = requires(Transport& transport, std::chrono::milliseconds duration) {
  { transport.pause(duration) } -> std::same_as<void>;
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
