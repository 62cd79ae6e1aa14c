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
      metrics_endpoint_{metrics} {
  connect();
  if (metrics_error_)
    throw statwire::ClientError{metrics_error_, "cannot reach the metrics server " + to_string(metrics)};
  for (const Figure& figure : figures)
    series_.push_back({.key = name_ + '.' + std::string{figure.name}, .unit = figure.unit});
}

void Monitor::round() {
  using std::chrono::system_clock;
  const Readings readings = collect();
  const auto now = History::Time::clock::now();
  const std::int64_t second = system_clock::to_time_t(system_clock::now());
  ++rounds_;
  statsd_.increment(rounds_metric);
  if (metrics_error_) connect();
  for (std::size_t i = 0; i != figures.size(); ++i) {
    statsd_.gauge(figures[i].name, readings[i]);
    series_[i].measured(now, readings[i]);
    if (put(series_[i].key, readings[i], second)) {
      series_[i].stored(second, readings[i]);
    } else {
      series_[i].lost(second);
    }
  }
  statsd_.flush();
}

Progress Monitor::progress() const {
  return {name_, series_, rounds_, statsd_.stats(), metrics_error_};
}

void Monitor::connect() {
  // Longer, and a server that hangs would hold up the rounds; a put is a matter of milliseconds.
  constexpr std::chrono::seconds timeout{1};
  metrics_.emplace(metrics_endpoint_.host, metrics_endpoint_.port, timeout, metrics_error_);
}

Readings Monitor::collect() {
  const statwire::ScopedTimer timer{statsd_, collection_metric};
  return sampler_.sample();
}

bool Monitor::put(const std::string& key, double value, std::int64_t second) {
  if (metrics_error_) return false;
  std::error_code ec;
  metrics_->put(key, value, second, ec);
  // A refused put leaves the connection as it was.
  if (ec != statwire::errc::command_refused) metrics_error_ = ec;
  return !ec;
}

}  // namespace host_monitor
