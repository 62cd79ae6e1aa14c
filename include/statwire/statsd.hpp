#pragma once

// The StatsD client: counters, gauges, timings and sets from any thread to a StatsD server. A call adds to
// memory of its thread; a background thread sums, formats and sends. No call throws, blocks on the network or
// allocates after warm-up, and no string can make a second line: what cannot be sent is counted in stats().
// The calls themselves are in calls.hpp; for scopes of time, see timer.hpp.
//
//   statwire::StatsdClient statsd{"127.0.0.1", 8125, {.prefix = "shop"}};
//   statsd.increment("orders");

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/calls.hpp"
#include "statwire/client/delivery.hpp"
#include "statwire/client/engine.hpp"
#include "statwire/client/environment.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/detail/random.hpp"
#include "statwire/protocol/profile.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/endpoint.hpp"
#include "statwire/transport/udp.hpp"

namespace statwire {

/// Options of a client; each has a default that is right for a service on an ordinary network.
struct StatsdOptions {
  std::string prefix{};                  ///< Put before every name with a dot between; cleaned as names are.
  aggregate::Context::OwnedTags tags{};  ///< Pairs of key and value, sent with every metric.
  Profile profile = profiles::etsy;      ///< What the server accepts.
  Delivery delivery = Delivery::aggregated;
  std::size_t max_packet_bytes = 1432;  ///< Fits an Ethernet frame. 16 to 65467; no line is longer than 8192.
  std::chrono::milliseconds flush_interval{1000};  ///< How long a sample may wait. Above 0, up to 24 h.
  Flush flush = Flush::background;
  /// Names with different tags that are kept, 1 to 10,000,000. What comes with further tags is sent with the
  /// tag `overflow:true` instead of its own, so that a metric's sum stays right; further names are dropped.
  /// Both are counted. Each takes 32 bytes a thread that uses it, and about 500 bytes once.
  std::size_t max_series = 10'000;
  /// Series that were used by name, and not for so long, make room when three quarters of max_series are
  /// taken. Those of handles stay. At least 1 s.
  std::chrono::seconds max_idle{300};
  /// Timings of one series that one thread keeps between two flushes, and members of one set. Of more timings
  /// a random choice is sent, with a rate that gives their exact number. 1 to 1,000,000, 8 bytes each.
  std::size_t max_samples_per_series = 1024;
  ErrorCallback on_error{};  ///< Told of failures to send, seldom; see client/delivery.hpp.
  /// Whether the client tells about itself every ten seconds, if it sends anything:
  /// datadog.dogstatsd.client.*, without the prefix and the tags of the client. Not for Delivery::immediate.
  bool telemetry = false;
  bool enabled = true;  ///< Else calls do nothing; so, too, when the environment has STATSD_DISABLE=1.
  /// The source of 64 random bits, for sampling; tests give their own: one of zeros keeps every sample.
  std::uint64_t (*random)() noexcept = &detail::random_bits;
};

/// Sends metrics to a StatsD server.
///
/// Threads: every member function may be called from any number of threads at once.
template <DatagramTransport Transport = UdpTransport>
class StatsdClient : public MetricCalls<StatsdClient<Transport>, Transport> {
 public:
  /// A client of a server. A host name is looked up in the background, and again now and then; until it is
  /// known, everything is kept. Throws ClientError for an empty host, port 0, or an option out of range.
  StatsdClient(std::string_view host, std::uint16_t port, StatsdOptions options = {}) requires
      std::constructible_from<Transport, std::string_view, std::uint16_t>
      : StatsdClient{checked(std::move(options)), InPlace{}, host, port} {}

  /// A client of an endpoint: `udp://host:8125`, `unix:///run/dsd.sock`, `tcp://host:8125`, ... (see
  /// protocol/endpoint.hpp). Throws ClientError that says which byte is wrong, and what would be right.
  explicit StatsdClient(std::string_view endpoint, StatsdOptions options = {}) requires
      std::constructible_from<Transport, std::string_view>
      : StatsdClient{checked(std::move(options)), InPlace{}, endpoint} {}
  explicit StatsdClient(const Endpoint& endpoint, StatsdOptions options = {}) requires
      std::constructible_from<Transport, const Endpoint&>
      : StatsdClient{checked(std::move(options)), InPlace{}, endpoint} {}

  /// A client of what the environment says, read once: STATSD_URL, else DD_DOGSTATSD_URL, else STATSD_HOST
  /// and STATSD_PORT (127.0.0.1 and 8125 by default); STATSD_PREFIX where the options have none;
  /// STATSD_DISABLE=1. Throws ClientError that names the variable, its value and what would be right.
  ///
  ///   auto statsd = statwire::StatsdClient<>::from_env();
  static StatsdClient<EndpointTransport> from_env(StatsdOptions options = {}) {
    const Environment environment = read_environment();
    if (options.prefix.empty()) options.prefix = environment.prefix;
    if (environment.disabled) options.enabled = false;
    return StatsdClient<EndpointTransport>{environment.endpoint, std::move(options)};
  }

  /// A client over a transport of its own, as the fakes of testing/ are.
  explicit StatsdClient(Transport transport,
                        StatsdOptions options = {}) requires std::move_constructible<Transport>
      : StatsdClient{checked(std::move(options)), InPlace{}, std::move(transport)} {}

  StatsdClient(const StatsdClient&) = delete;
  StatsdClient& operator=(const StatsdClient&) = delete;

  /// Sends everything that was recorded before the call; returns when the transport has it.
  void flush() noexcept { engine_.outbox().flush(); }

  /// What became of every sample so far. Takes a lock and a walk through all cells.
  DeliveryStats stats() const noexcept { return engine_.outbox().stats(); }

  /// The transport, for tests that look at what was sent. It is used under a lock; look when no call is
  /// running.
  Transport& transport() noexcept { return engine_.outbox().transport(); }
  const Transport& transport() const noexcept { return engine_.outbox().transport(); }

 private:
  friend MetricCalls<StatsdClient, Transport>;
  struct InPlace {};

  template <class... TransportArgs>
  StatsdClient(StatsdOptions options, InPlace /*tag*/, TransportArgs&&... transport_args)
      : context_{options.prefix, std::move(options.tags)},
        engine_{engine_options(options), std::forward<TransportArgs>(transport_args)...} {}

  static StatsdOptions checked(StatsdOptions options) {
    check_range("max_packet_bytes", options.max_packet_bytes, 16, 65467);
    check_range("max_series", options.max_series, 1, 10'000'000);
    check_range("max_samples_per_series", options.max_samples_per_series, 1, 1'000'000);
    if (options.max_idle < std::chrono::seconds{1}) {
      detail::fail(errc::invalid_option, "statwire: max_idle is " + std::to_string(options.max_idle.count()) +
                                             " s; it must be at least 1 s");
    }
    check_range("the number of tags", options.tags.size(), 0, TagList::max_tags);
    constexpr std::chrono::hours max_flush_interval{24};
    if (options.flush_interval.count() <= 0 || options.flush_interval > max_flush_interval) {
      detail::fail(errc::invalid_option, "statwire: flush_interval is " +
                                             std::to_string(options.flush_interval.count()) +
                                             " ms; it must be above 0 and at most 24 h");
    }
    return options;
  }

  static void check_range(const char* option, std::size_t value, std::size_t least, std::size_t most) {
    if (value >= least && value <= most) return;
    detail::fail(errc::invalid_option, std::string{"statwire: "} + option + " is " + std::to_string(value) +
                                           "; it must be " + std::to_string(least) + " to " +
                                           std::to_string(most));
  }

  static bool is_disabled_by_environment() noexcept {
    const char* value = std::getenv("STATSD_DISABLE");
    return value != nullptr && std::string_view{value} == "1";
  }

  static client::EngineOptions engine_options(const StatsdOptions& options) {
    // What a thread may have buffered, and a flush collected; pages that are not used are not resident.
    constexpr std::size_t buffer_bytes = std::size_t{256} * 1024;
    const std::size_t datagrams = std::clamp<std::size_t>(buffer_bytes / options.max_packet_bytes, 8, 1024);
    const bool enabled = options.enabled && !is_disabled_by_environment();
    return {
        .outbox = {.max_datagrams = datagrams,
                   .flush_interval = options.flush_interval,
                   .flush = options.flush,
                   .on_error = options.on_error,
                   .telemetry = options.telemetry,
                   .enabled = enabled},
        .registry = {.profile = options.profile,
                     .max_series = options.max_series,
                     .max_samples_per_series = options.max_samples_per_series,
                     .max_line_bytes = std::min(options.max_packet_bytes, protocol::max_statsd_line_bytes),
                     .max_packet_bytes = options.max_packet_bytes,
                     .datagrams_per_thread = datagrams,
                     .delivery = options.delivery,
                     .random = options.random},
        .enabled = enabled};
  }

  client::Engine<Transport>& engine_ref() noexcept { return engine_; }
  const aggregate::Context& context_ref() noexcept { return context_; }

  aggregate::Context context_;
  client::Engine<Transport> engine_;
};

StatsdClient(const char*)->StatsdClient<EndpointTransport>;
StatsdClient(const char*, StatsdOptions)->StatsdClient<EndpointTransport>;
StatsdClient(std::string_view)->StatsdClient<EndpointTransport>;
StatsdClient(std::string_view, StatsdOptions)->StatsdClient<EndpointTransport>;
StatsdClient(const std::string&)->StatsdClient<EndpointTransport>;
StatsdClient(const std::string&, StatsdOptions)->StatsdClient<EndpointTransport>;

#if defined(STATWIRE_EXTERN_TEMPLATES)
extern template class client::Outbox<UdpTransport>;
extern template class client::Engine<UdpTransport>;
extern template class StatsdClient<UdpTransport>;
extern template class client::Outbox<EndpointTransport>;
extern template class client::Engine<EndpointTransport>;
extern template class StatsdClient<EndpointTransport>;
#endif

}  // namespace statwire
