#include "statsd_server/metrics_page.hpp"

#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <statwire/detail/httplib.hpp>
#include <statwire/protocol/prometheus_text.hpp>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace statsd_server {

class MetricsPage::Listening {
 public:
  Listening(const example::ListenAddress& address, std::function<std::string()> text) {
    configure();
    server_.Get("/metrics", [text = std::move(text)](const httplib::Request&, httplib::Response& response) {
      response.set_content(text(), std::string{statwire::protocol::prometheus_content_type});
    });
    bind(address);
    thread_ = std::thread{[this] {
      server_.listen_after_bind();
      has_ended_ = true;
    }};
    // Until it runs, stop() would do nothing, and cpp-httplib has nothing to wait for.
    while (!server_.is_running() && !has_ended_) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }

  ~Listening() {
    server_.stop();
    thread_.join();
  }

 private:
  void configure() {
    constexpr std::size_t threads = 4;
    constexpr std::size_t longest_body = 1024;
    server_.new_task_queue = [] { return new httplib::ThreadPool{threads}; };
    server_.set_keep_alive_max_count(1);  // a scraper that stays would hold a thread, and up the end
    server_.set_read_timeout(1);          // seconds
    server_.set_write_timeout(1);
    server_.set_payload_max_length(longest_body);
    server_.set_tcp_nodelay(true);
    // cpp-httplib's own options let two servers take the same port.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
  }

  void bind(const example::ListenAddress& address) {
    errno = 0;
    if (server_.bind_to_port(address.host, address.port)) return;
    // cpp-httplib does not say why, but the system call that failed was its last.
    const std::string reason = errno == 0 ? "no such address" : std::generic_category().message(errno);
    throw std::runtime_error{"cannot listen on " + to_string(address) + " for Prometheus: " + reason};
  }

  httplib::Server server_;
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

MetricsPage::MetricsPage(const example::ListenAddress& address, std::function<std::string()> text)
    : listening_{std::make_unique<Listening>(address, std::move(text))} {}

MetricsPage::~MetricsPage() = default;

}  // namespace statsd_server
