#include "host_monitor/metrics_link.hpp"

namespace host_monitor {

MetricsLink::MetricsLink(const Endpoint& endpoint) : endpoint_{endpoint} {
  client_.emplace(endpoint.host, endpoint.port, timeout, error_);
  if (error_) throw statwire::ClientError{error_, "cannot reach the metrics server " + to_string(endpoint)};
}

void MetricsLink::begin_round() {
  if (error_) client_.emplace(endpoint_.host, endpoint_.port, timeout, error_);
}

bool MetricsLink::put(const std::string& key, double value, std::int64_t second) {
  if (error_) return false;
  std::error_code ec;
  client_->put(key, value, second, ec);
  // A refused put leaves the connection as it was.
  if (ec != statwire::errc::command_refused) error_ = ec;
  return !ec;
}

}  // namespace host_monitor
