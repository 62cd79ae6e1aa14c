#pragma once

// One round after the other: measures, sends to both servers, and keeps the record. When and how often is up
// to the caller.

#include "host_monitor/host_sampler.hpp"
#include "host_monitor/input.hpp"
#include "host_monitor/metrics_link.hpp"
#include "host_monitor/series_record.hpp"

#include <cstdint>
#include <span>
#include <statwire/statsd.hpp>
#include <string>
#include <system_error>
#include <vector>

namespace host_monitor {

struct Progress {
  std::span<const SeriesRecord> series;
  std::uint64_t rounds = 0;
  statwire::DeliveryStats statsd;
  std::error_code
      metrics_error;  ///< Why the metrics server was lost in the last round; none when it was not.
};

/// One thread at a time.
class Monitor {
 public:
  static constexpr const char* rounds_metric = "host_monitor.rounds";
  static constexpr const char* collection_metric = "host_monitor.collection";

  /// Takes the baseline and connects. `name` stands before every metric. Throws SamplerError or ClientError.
  Monitor(std::string name, const Endpoint& statsd, const Endpoint& metrics);

  /// Measures and sends once. A server that is not there costs points, which are counted. Throws
  /// SamplerError.
  void round();

  /// How far it has come; valid until the next round.
  Progress progress() const;

  /// The full name of a metric, as the servers know it.
  std::string full_name(std::string_view metric) const { return name_ + '.' + std::string{metric}; }

 private:
  Readings collect();

  std::string name_;
  HostSampler sampler_;
  statwire::StatsdClient<> statsd_;
  MetricsLink metrics_;
  std::vector<SeriesRecord> series_;
  std::uint64_t rounds_ = 0;
};

}  // namespace host_monitor
