#pragma once

// The page that Prometheus scrapes: GET /metrics over HTTP.

#include <functional>
#include <memory>
#include <string>

#include "listen_address.hpp"

namespace statsd_server {

/// Listens and answers on threads of its own, for as long as it lives.
class MetricsPage {
 public:
  /// `text` is asked for each page, by several threads at once. Throws std::runtime_error that says why it
  /// cannot listen.
  MetricsPage(const example::ListenAddress& address, std::function<std::string()> text);
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  /// A client that is slow to ask or to take its page holds this up, for a second a try.
  ~MetricsPage();

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace statsd_server
