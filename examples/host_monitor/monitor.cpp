#include "host_monitor/monitor.hpp"

#include <chrono>
#include <cstddef>
#include <statwire/timer.hpp>
#include <utility>

namespace host_monitor {

// Flushed by hand, so that the samples of a round leave together and at once.
Monitor::Monitor(std::string name, const Endpoint& statsd, const Endpoint& metrics)
    : name_{std::move(name)},
      statsd_{statsd.host, statsd.port, {.prefix = name_, .flush = statwire::Flush::manual}},
      metrics_{metrics} {
  for (const Figure& figure : figures) series_.emplace_back(full_name(figure.name), figure.unit);
}

void Monitor::round() {
  using std::chrono::system_clock;
  const Readings readings = collect();
  const auto now = History::Time::clock::now();
  const std::int64_t second = system_clock::to_time_t(system_clock::now());
  ++rounds_;
  statsd_.increment(rounds_metric);
  metrics_.begin_round();
  for (std::size_t i = 0; i != figures.size(); ++i) {
    statsd_.gauge(figures[i].name, readings[i]);
    series_[i].measured(now, readings[i]);
    if (metrics_.put(series_[i].key(), readings[i], second)) {
      series_[i].stored(second, readings[i]);
    } else {
      series_[i].lost(second);
    }
  }
  statsd_.flush();
}

Progress Monitor::progress() const {
  return {.series = series_, .rounds = rounds_, .statsd = statsd_.stats(), .metrics_error = metrics_.error()};
}

Readings Monitor::collect() {
  const statwire::ScopedTimer timer{statsd_, collection_metric};
  return sampler_.sample();
}

}  // namespace host_monitor
