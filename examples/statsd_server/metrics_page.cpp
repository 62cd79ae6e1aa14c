#include "statsd_server/metrics_page.hpp"

#include <optional>
#include <statwire/detail/httplib.hpp>
#include <statwire/protocol/prometheus_text.hpp>
#include <stdexcept>
#include <utility>

#include "listening.hpp"

namespace statsd_server {

class MetricsPage::Server {
 public:
  Server(const example::ListenAddress& address, std::function<std::string()> text) {
    server_.Get("/metrics", [text = std::move(text)](const httplib::Request&, httplib::Response& response) {
      response.set_content(text(), std::string{statwire::protocol::prometheus_content_type});
    });
    try {
      // One request a connection: a scraper that stays would hold a thread, and up the end.
      listening_.emplace(
          server_, address,
          example::ListeningOptions{.connections = 4, .requests_of_connection = 1, .longest_body = 1024});
    } catch (const std::runtime_error& error) {
      throw std::runtime_error{std::string{error.what()} + " (the page for Prometheus)"};
    }
  }

 private:
  httplib::Server server_;
  std::optional<example::Listening> listening_;
};

MetricsPage::MetricsPage(const example::ListenAddress& address, std::function<std::string()> text)
    : server_{std::make_unique<Server>(address, std::move(text))} {}

MetricsPage::~MetricsPage() = default;

}  // namespace statsd_server
