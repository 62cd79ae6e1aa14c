// A small web service that measures itself: requests, users, and at start-up its contexts. Metrics go to the
// servers that the environment names, or over UDP and HTTP to servers that are started here; then what they
// got is shown at the end. Ends in order at SIGTERM or SIGINT, and at once at a second one.
//
//   web_app
//   METRICS_HOST=10.0.0.1 METRICS_PREFIX=v1.eu.shop.web.instance_7 web_app --listen 0.0.0.0:8080

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <statwire/contexts.hpp>
#include <statwire/instrumented_server.hpp>
#include <statwire/requests.hpp>
#include <statwire/server/contexts_server.hpp>
#include <statwire/server/statsd_server.hpp>
#include <statwire/statsd.hpp>
#include <statwire/users.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "daemon.hpp"
#include "listening.hpp"
#include "web_app/figures.hpp"
#include "web_app/known_urls.hpp"
#include "web_app/options.hpp"
#include "web_app/report.hpp"
#include "web_app/routes.hpp"
#include "web_app/users.hpp"

namespace web_app {
namespace {

using std::chrono::steady_clock;

constexpr const char* program = "web_app";

/// A line of the report; what others wrote may be part of it.
void print_bare(const std::string& line) {
  std::fprintf(stdout, "%s\n", line.c_str());
}

void say(const std::string& line) {
  example::print(stdout, program, line);
}

/// Those servers that the environment does not name, and what arrives there.
class OwnServers {
 public:
  /// Starts them, and points the settings to them.
  explicit OwnServers(Options& options) : figures_{options.settings.prefix} {
    statwire::Settings& settings = options.settings;
    if (options.has_own_statsd) {
      statsd_.emplace(statwire::server::StatsdServerOptions{
          .on_datagram = [this](std::string_view datagram) { figures_.take(datagram); }});
      statsd_->start();
      settings.host = "127.0.0.1";
      settings.port = statsd_->port();
    }
    if (options.has_own_contexts) {
      contexts_.emplace().start();
      settings.contexts_url = "http://127.0.0.1:" + std::to_string(contexts_->port()) + "/register";
    }
  }

  bool has_statsd() const { return statsd_.has_value(); }

  /// Everything that arrived, once so many datagrams have, or a second later: one can be lost. To be called
  /// at the end, when no more are sent.
  const Figures& finish(std::uint64_t datagrams) {
    statsd_->wait_for_packets(datagrams, std::chrono::seconds{1});
    statsd_->stop();
    return figures_;
  }

  std::uint64_t datagrams() const { return statsd_->stats().packets; }

 private:
  Figures figures_;  ///< The thread of the StatsD server's, until it has stopped.
  std::optional<statwire::server::StatsdServer> statsd_;
  std::optional<statwire::server::ContextsServer> contexts_;
};

/// Where everything goes, and which variables say so.
void introduce(const Options& options) {
  const statwire::Settings& settings = options.settings;
  const example::ListenAddress statsd{settings.host, settings.port};
  say("metrics " + settings.prefix + ".* go over UDP to " + to_string(statsd) +
      (options.has_own_statsd ? ", a StatsD server started here; METRICS_HOST, METRICS_PORT name another"
                              : ""));
  say("contexts go to " + settings.contexts_url +
      (options.has_own_contexts ? ", a contexts server started here; METRICS_CONTEXTS_URL names another"
                                : ""));
  say(std::string{"requests are "} + (settings.collect_requests ? "" : "not ") +
      "measured; ENABLE_METRICS_COLLECTION says whether");
}

/// Says once, when it is known, that the registration failed: the service goes on without.
class RegistrationWatch {
 public:
  RegistrationWatch(statwire::ContextsRegistration& registration, std::string url)
      : registration_{registration}, url_{std::move(url)} {}

  void look() {
    if (is_known_ || !registration_.is_done()) return;
    is_known_ = true;
    const std::error_code ec = registration_.wait();
    if (ec) example::print(stderr, program, "contexts were not registered at " + url_ + ": " + ec.message());
  }

 private:
  statwire::ContextsRegistration& registration_;
  std::string url_;
  bool is_known_ = false;
};

/// Waits for the end, and tells meanwhile how many users there are.
void serve_until_end(const Options& options, const example::EndSignals& signals, const Users& users,
                     RegistrationWatch watch) {
  constexpr std::chrono::seconds capture_interval{1};
  const auto start = steady_clock::now();
  const auto end = options.run_for ? start + *options.run_for : steady_clock::time_point::max();
  auto due = start;
  do {
    users.capture();
    watch.look();
    due += capture_interval;
  } while (!signals.wait_until(std::min(due, end)) && due < end);
  signals.restore();  // a client may hold up the end
  watch.look();
}

void report(const Options& options, const Figures& figures, std::chrono::duration<double> time) {
  constexpr std::chrono::seconds patience{2};
  Urls urls;
  std::string error;
  const auto contexts = statwire::protocol::parse_http_url(options.settings.contexts_url);
  if (contexts) {
    if (auto known = fetch_urls(*contexts, patience, error)) urls = *std::move(known);
  }
  if (options.settings.collect_requests) {
    for (const std::string& line : request_lines(figures, urls, time)) print_bare(line);
  } else {
    print_bare("no request was measured");
  }
  if (!error.empty()) print_bare("hashes are shown for URLs, for the contexts server did not tell: " + error);
  for (const std::string& line : user_lines(figures)) print_bare(line);
}

void run(Options options, const example::EndSignals& signals) {
  OwnServers own{options};
  const statwire::Settings& settings = options.settings;
  statwire::StatsdClient<> statsd{settings.host, settings.port, {.prefix = settings.prefix}};
  Users users{statwire::UserMetrics{statsd}};
  statwire::InstrumentedServer<> server{statwire::RequestMetrics{statsd, settings, {.count_errors = true}}};
  add_routes(server, users);

  std::optional<example::Listening> listening{std::in_place, server, options.listen};
  introduce(options);
  say("listening on http://" + to_string(listening->address()) +
      "; GET /desktop /orders/7 /report /broken, POST /users /login /logout");
  auto registration = statwire::register_contexts_async(settings, server.controllers());
  const auto start = steady_clock::now();
  serve_until_end(options, signals, users, {registration, settings.contexts_url});
  const std::chrono::duration<double> time = steady_clock::now() - start;
  listening.reset();
  users.capture();  // after the last request

  statsd.flush();
  const statwire::DeliveryStats sent = statsd.stats();
  if (!own.has_statsd()) {
    say("the figures are at the StatsD server " +
        to_string(example::ListenAddress{settings.host, settings.port}));
    return print_bare(delivery_line(sent));
  }
  if (options.has_own_contexts) static_cast<void>(registration.wait());  // before they are asked for
  const Figures& figures = own.finish(sent.datagrams);
  report(options, figures, time);
  print_bare(delivery_line(sent, own.datagrams()));
}

}  // namespace
}  // namespace web_app

int main(int argc, char** argv) {
  using namespace web_app;
  example::open_standard_streams();
  const example::EndSignals signals;
  example::Command<Options> command = parse_options(argc, argv);
  if (auto* options = std::get_if<Options>(&command)) {
    const std::vector<std::string> errors = read_environment(*options);
    for (const std::string& error : errors) example::print(stderr, program, error);
    if (!errors.empty()) return 2;
  }
  return example::run_daemon<Options>(program, command,
                                      [&](const Options& options) { run(options, signals); });
}
