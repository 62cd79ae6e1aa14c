#include "host_monitor/embedded_statsd.hpp"

#include <string_view>

namespace host_monitor {

EmbeddedStatsd::EmbeddedStatsd() : server_{{.on_datagram = [this](std::string_view) { count_datagram(); }}} {
  server_.start();
}

Endpoint EmbeddedStatsd::endpoint() const {
  return {.host = "127.0.0.1", .port = server_.port()};
}

void EmbeddedStatsd::count_datagram() {
  const std::lock_guard lock{mutex_};
  ++datagrams_;
  arrived_.notify_one();
}

statwire::server::StatsdTotals EmbeddedStatsd::finish(std::uint64_t datagrams) {
  constexpr std::chrono::seconds patience{1};
  {
    std::unique_lock lock{mutex_};
    arrived_.wait_for(lock, patience, [&] { return datagrams_ >= datagrams; });
  }
  // The last datagram was counted before it was summed; a server that has stopped has done both.
  server_.stop();
  return server_.totals();
}

}  // namespace host_monitor
