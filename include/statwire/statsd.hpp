#pragma once

// The StatsD client: counters, gauges, timings and sets from any thread to a StatsD server. A call formats
// one line and packs it into a datagram; a background thread sends. No call throws, blocks on the network or
// allocates, and no string can make a second line: what cannot be sent is counted in stats(). For scopes, see
// timer.hpp.
//
//   statwire::StatsdClient statsd{"127.0.0.1", 8125, {.prefix = "shop"}};
//   statsd.increment("orders");

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/client/delivery_stats.hpp"
#include "statwire/client/outbox.hpp"
#include "statwire/detail/random.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/statsd_line.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/udp.hpp"

namespace statwire {

/// How samples leave.
enum class Delivery {
  immediate,  ///< One datagram a call, sent by the calling thread: one system call.
  buffered,   ///< Packed into datagrams up to max_packet_bytes, sent when full and every flush_interval.
};

/// Who sends what is buffered.
enum class Flush {
  background,  ///< A thread of the client.
  manual,  ///< flush(), on the thread that calls it; full datagrams on the thread that fills them. No thread.
};

/// Options of a client; each has a default that is right for a service on an ordinary network.
struct StatsdOptions {
  std::string prefix{};  ///< Put before every name with a dot between; cleaned as names are.
  Delivery delivery = Delivery::buffered;
  std::size_t max_packet_bytes = 1432;  ///< Fits an Ethernet frame. 16 to 65467; no line is longer than 8192.
  std::chrono::milliseconds flush_interval{1000};  ///< How long a sample may wait. Above 0, up to 24 h.
  Flush flush = Flush::background;
  /// The source of 64 random bits, for sampling; tests give their own.
  std::uint64_t (*random)() noexcept = &detail::random_bits;
};

/// Options of one call.
struct MetricOptions {
  /// Share of the calls that are sent, above 0, at most 1. For counters and timings the server multiplies
  /// back; of gauges and sets it takes what comes.
  double rate = 1;
};

/// Sends metrics to a StatsD server.
///
/// Threads: every member function may be called from any number of threads at once.
/// Names: letters, digits, `_`, `-`, `.`; `/` becomes `-` and every other byte `_`. An empty name is dropped.
/// Numbers: any built-in integer or floating-point type; NaN and infinities are dropped.
template <DatagramTransport Transport = UdpTransport>
class StatsdClient {
 public:
  /// Connects a client to a server. Throws ClientError when the host cannot be resolved or an option is out
  /// of range; whether anybody listens is not known over UDP.
  StatsdClient(std::string_view host, std::uint16_t port, StatsdOptions options = {}) requires
      std::constructible_from<Transport, std::string_view, std::uint16_t>
      : StatsdClient{checked(std::move(options)), InPlace{}, host, port} {}

  /// A client over a transport of its own, as the fakes of testing/ are.
  explicit StatsdClient(Transport transport, StatsdOptions options = {})
      : StatsdClient{checked(std::move(options)), InPlace{}, std::move(transport)} {}

  /// Counts: `name:1|c`.
  template <protocol::Numeric Value = int>
  void increment(std::string_view name, Value value = 1, const MetricOptions& options = {}) noexcept {
    emit_number(name, value, options, &protocol::write_counter);
  }

  /// Counts down: `name:-1|c`.
  template <protocol::Numeric Value = int>
  void decrement(std::string_view name, Value value = 1, const MetricOptions& options = {}) noexcept {
    emit_number(name, -protocol::Number{value}, options, &protocol::write_counter);
  }

  /// Sets a gauge: `name:42|g`. A negative value goes as `name:0|g\nname:-5|g` in one datagram, because a
  /// server takes a leading minus for a change.
  template <protocol::Numeric Value>
  void gauge(std::string_view name, Value value, const MetricOptions& options = {}) noexcept {
    emit_number(name, value, options, &protocol::write_gauge);
  }

  /// Changes a gauge: `name:+3|g`, `name:-3|g`. On the reference daemon a change of a gauge that is zero or
  /// unknown sets it. There is no rate here: a change that is left out would be missing for good.
  template <protocol::Numeric Value>
  void gauge_delta(std::string_view name, Value delta) noexcept {
    emit_number(name, delta, {}, &protocol::write_gauge_delta);
  }

  /// Records a duration in milliseconds, to the nanosecond: `name:0.25|ms`. A negative duration is dropped.
  template <class Rep, class Period>
  void timing(std::string_view name, std::chrono::duration<Rep, Period> duration,
              const MetricOptions& options = {}) noexcept {
    using FloatNanoseconds = std::chrono::duration<double, std::nano>;
    const auto count = std::chrono::duration_cast<FloatNanoseconds>(duration).count();
    constexpr double max_count = 9.2e18;                 // 292 years
    const bool valid = count >= 0 && count < max_count;  // false for NaN, too
    emit(name, valid, options, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_timing(out, head, to_nanoseconds(duration));
    });
  }

  /// Adds a member to a set: `name:alice|s`. Control characters, `:` and `|` in it become `_`; an empty one
  /// is dropped.
  void set(std::string_view name, std::string_view member, const MetricOptions& options = {}) noexcept {
    emit(name, !member.empty(), options, [&](std::span<char> out, const protocol::LineHead& head) {
      return protocol::write_set(out, head, member);
    });
  }

  /// Adds a number to a set: `name:42|s`.
  template <protocol::Numeric Value>
  void set(std::string_view name, Value member, const MetricOptions& options = {}) noexcept {
    emit_number(
        name, member, options,
        static_cast<std::size_t (*)(std::span<char>, const protocol::LineHead&, protocol::Number) noexcept>(
            &protocol::write_set));
  }

  /// Sends everything that was buffered before the call; returns when the transport has it.
  void flush() noexcept { outbox_.flush(); }

  /// What became of every sample so far.
  DeliveryStats stats() const noexcept { return outbox_.stats(); }

  /// The transport, for tests that look at what was sent. It is used under a lock; look when no call is
  /// running.
  Transport& transport() noexcept { return outbox_.transport(); }
  const Transport& transport() const noexcept { return outbox_.transport(); }

 private:
  struct InPlace {};

  template <class... TransportArgs>
  StatsdClient(StatsdOptions options, InPlace /*tag*/, TransportArgs&&... transport_args)
      : prefix_{clean_prefix(options.prefix)},
        delivery_{options.delivery},
        max_line_bytes_{std::min(options.max_packet_bytes, protocol::max_statsd_line_bytes)},
        random_{options.random},
        outbox_{outbox_options(options), std::forward<TransportArgs>(transport_args)...} {}

  static StatsdOptions checked(StatsdOptions options) {
    constexpr std::size_t min_packet_bytes = 16;
    constexpr std::size_t max_packet_bytes = 65467;
    if (options.max_packet_bytes < min_packet_bytes || options.max_packet_bytes > max_packet_bytes) {
      throw ClientError{errc::invalid_option, "statwire: max_packet_bytes is " +
                                                  std::to_string(options.max_packet_bytes) +
                                                  "; it must be 16 to 65467"};
    }
    constexpr std::chrono::hours max_flush_interval{24};
    if (options.flush_interval.count() <= 0 || options.flush_interval > max_flush_interval) {
      throw ClientError{errc::invalid_option, "statwire: flush_interval is " +
                                                  std::to_string(options.flush_interval.count()) +
                                                  " ms; it must be above 0 and at most 24 h"};
    }
    return options;
  }

  /// The prefix with one dot at its end, whether or not the user wrote it.
  static std::string clean_prefix(std::string_view prefix) {
    while (prefix.ends_with('.')) prefix.remove_suffix(1);
    if (prefix.empty()) return {};
    std::string clean(prefix.size(), '\0');
    protocol::copy_clean_name(clean.data(), prefix);
    return clean + '.';
  }

  static client::OutboxOptions outbox_options(const StatsdOptions& options) noexcept {
    // A buffer of 1 MiB takes a burst of some 50,000 lines; pages of it that are not used are not resident.
    constexpr std::size_t buffer_bytes = 1 << 20;
    const bool has_thread = options.delivery == Delivery::buffered && options.flush == Flush::background;
    return {.max_packet_bytes = options.max_packet_bytes,
            .max_datagrams = std::clamp<std::size_t>(buffer_bytes / options.max_packet_bytes, 16, 1024),
            .flush_interval = options.flush_interval,
            .sender = has_thread ? client::Sender::background_thread : client::Sender::calling_thread};
  }

  /// Integer durations stay exact; those with a floating-point count are rounded to the nanosecond.
  template <class Rep, class Period>
  static std::chrono::nanoseconds to_nanoseconds(std::chrono::duration<Rep, Period> duration) noexcept {
    if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
      return std::chrono::nanoseconds{
          std::llround(std::chrono::duration<double, std::nano>{duration}.count())};
    } else {
      return std::chrono::duration_cast<std::chrono::nanoseconds>(duration);
    }
  }

  template <class Write>
  void emit_number(std::string_view name, protocol::Number value, const MetricOptions& options,
                   Write write) noexcept {
    emit(name, value.is_finite(), options,
         [&](std::span<char> out, const protocol::LineHead& head) { return write(out, head, value); });
  }

  /// The way of every sample: counted, sampled, written into a line, and given to the outbox.
  template <class Write>
  void emit(std::string_view name, bool value_is_valid, const MetricOptions& options,
            Write&& write) noexcept {
    using Counters = client::DeliveryCounters;
    Counters& counters = outbox_.counters();
    Counters::add(counters.accepted);
    const bool rate_is_valid = options.rate > 0 && options.rate <= 1;  // false for NaN, too
    if (!value_is_valid || name.empty() || !rate_is_valid) return Counters::add(counters.dropped_invalid);
    if (!is_sampled(options.rate)) return Counters::add(counters.sampled_out);
    char line[protocol::max_statsd_line_bytes];
    const std::size_t size = write(std::span{line}.first(max_line_bytes_),
                                   {.prefix = prefix_, .name = name, .rate = options.rate});
    if (size == 0) return Counters::add(counters.dropped_oversize);
    if (delivery_ == Delivery::immediate) {
      outbox_.send({line, size});
    } else {
      outbox_.add({line, size});
    }
  }

  bool is_sampled(double rate) const noexcept {
    if (rate >= 1) return true;
    constexpr double two_to_minus_53 = 1.0 / 9007199254740992.0;
    return static_cast<double>(random_() >> 11) * two_to_minus_53 <= rate;
  }

  std::string prefix_;
  Delivery delivery_;
  std::size_t max_line_bytes_;
  std::uint64_t (*random_)() noexcept;
  client::Outbox<Transport> outbox_;
};

}  // namespace statwire
