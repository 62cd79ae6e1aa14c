#pragma once

// One round after the other: measures, sends to both servers, and keeps the record. When and how often is up
// to the caller.

#include "host_monitor/host_sampler.hpp"
#include "host_monitor/options.hpp"
#include "host_monitor/series.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <statwire/metrics.hpp>
#include <statwire/statsd.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace host_monitor {

inline constexpr std::string_view rounds_metric = "host_monitor.rounds";
inline constexpr std::string_view collection_metric = "host_monitor.collection";

struct Progress {
  std::string_view name;  ///< What stands before every metric.
  std::span<const SeriesRecord> series;
  std::uint64_t rounds = 0;
  statwire::DeliveryStats statsd{};
  std::error_code metrics_error{};  ///< Why the metrics server was lost in the last round, if it was.
};

/// One thread at a time.
class Monitor {
 public:
  /// Takes the baseline and connects. `name` stands before every metric. Throws SamplerError or ClientError.
  Monitor(std::string name, const Endpoint& statsd, const Endpoint& metrics);

  /// Measures and sends once. A server that is not there costs points, which are counted. Throws
  /// SamplerError.
  void round();

  /// How far it has come; valid until the next round.
  Progress progress() const;

 private:
  void connect();
  Readings collect();

  /// Puts one value; returns whether the server acknowledged it. After an error, puts fail at once until the
  /// next round connects anew.
  bool put(const std::string& key, double value, std::int64_t second);

  std::string name_;
  HostSampler sampler_;
  statwire::StatsdClient<> statsd_;
  Endpoint metrics_endpoint_;
  std::optional<statwire::MetricsClient<>> metrics_;
  std::error_code metrics_error_;
  std::vector<SeriesRecord> series_;
  std::uint64_t rounds_ = 0;
};

}  // namespace host_monitor
