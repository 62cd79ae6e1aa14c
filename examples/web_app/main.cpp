// A small web service that measures itself: requests, users, and at start-up its contexts. Metrics go to the
// servers that the environment names, or over UDP and HTTP to servers that are started here; then what they
// got is shown at the end. Ends in order at SIGTERM or SIGINT.
//
//   web_app
//   METRICS_HOST=10.0.0.1 METRICS_PREFIX=v1.eu.shop.web.instance_7 web_app --listen 0.0.0.0:8080

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <statwire/contexts.hpp>
#include <statwire/instrumented_server.hpp>
#include <statwire/requests.hpp>
#include <statwire/server/contexts_server.hpp>
#include <statwire/server/statsd_server.hpp>
#include <statwire/statsd.hpp>
#include <statwire/users.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "web_app/figures.hpp"
#include "web_app/known_urls.hpp"
#include "web_app/listening.hpp"
#include "web_app/options.hpp"
#include "web_app/report.hpp"
#include "web_app/routes.hpp"
#include "web_app/users.hpp"

namespace web_app {
namespace {

using std::chrono::steady_clock;

/// The signals that end the program, taken where it waits: no handler ever runs.
class EndSignals {
 public:
  /// Threads inherit what is blocked, so this comes before the first one.
  EndSignals() {
    sigemptyset(&taken_);
    for (const int signal : {SIGINT, SIGTERM}) sigaddset(&taken_, signal);
    pthread_sigmask(SIG_BLOCK, &taken_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a reader of the output may go, the service stays
  }

  /// Waits until the time has come or a signal to end is there; returns whether it is a signal.
  bool wait_until(steady_clock::time_point time) const {
    using std::chrono::nanoseconds;
    for (;;) {
      const nanoseconds left = std::max<nanoseconds>(time - steady_clock::now(), nanoseconds{0});
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
      const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
      if (sigtimedwait(&taken_, nullptr, &timeout) > 0) return true;
      if (errno == EAGAIN) return false;
    }
  }

 private:
  sigset_t taken_;
};

/// One line, at once; what the user wrote is part of it, and must not make it two.
void print(std::FILE* stream, std::string line) {
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  std::fprintf(stream, "%s\n", line.c_str());
  std::fflush(stream);
}

void say(const std::string& line) {
  print(stdout, "web_app: " + line);
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
    statsd_->wait_for_datagrams(datagrams, std::chrono::seconds{1});
    statsd_->stop();
    return figures_;
  }

  std::uint64_t datagrams() const { return statsd_->totals().datagrams; }

 private:
  Figures figures_;  ///< The thread of the StatsD server's, until it has stopped.
  std::optional<statwire::server::StatsdServer> statsd_;
  std::optional<statwire::server::ContextsServer> contexts_;
};

/// Where everything goes, and which variables say so.
void introduce(const Options& options) {
  const statwire::Settings& settings = options.settings;
  const Address statsd{settings.host, settings.port};
  say("metrics " + settings.prefix + ".* go over UDP to " + to_string(statsd) +
      (options.has_own_statsd ? ", a StatsD server started here; METRICS_HOST, METRICS_PORT name another"
                              : ""));
  say("contexts go to " + settings.contexts_url +
      (options.has_own_contexts ? ", a contexts server started here; METRICS_CONTEXTS_URL names another"
                                : ""));
  say(std::string{"requests are "} + (settings.collect_requests ? "" : "not ") +
      "measured; ENABLE_METRICS_COLLECTION says whether");
}

/// Waits for the end, and tells meanwhile how many users there are; and that the registration failed.
void serve_until_end(const Options& options, const EndSignals& signals, const Users& users,
                     statwire::ContextsRegistration& registration) {
  constexpr std::chrono::seconds capture_interval{1};
  const auto start = steady_clock::now();
  const auto end = options.run_for ? start + *options.run_for : steady_clock::time_point::max();
  bool is_registered = false;
  auto due = start;
  do {
    users.capture();
    if (!is_registered && registration.is_done()) {
      is_registered = true;
      if (const std::error_code ec = registration.wait()) {
        print(stderr, "web_app: contexts were not registered at " + options.settings.contexts_url + ": " +
                          ec.message());
      }
    }
    due += capture_interval;
  } while (!signals.wait_until(std::min(due, end)) && due < end);
  users.capture();
}

void report(const Options& options, const Figures& figures, std::chrono::duration<double> time) {
  constexpr std::chrono::seconds patience{2};
  Urls urls;
  std::string error;
  const auto contexts = statwire::protocol::parse_http_url(options.settings.contexts_url);
  if (contexts) {
    if (auto known = fetch_urls(*contexts, patience, error)) urls = *std::move(known);
  }
  for (const std::string& line : request_lines(figures, urls, time)) print(stdout, line);
  if (!error.empty())
    print(stdout, "hashes are shown for URLs, for the contexts server did not tell: " + error);
  for (const std::string& line : user_lines(figures)) print(stdout, line);
}

void run(Options options, const EndSignals& signals) {
  OwnServers own{options};
  const statwire::Settings& settings = options.settings;
  statwire::StatsdClient<> statsd{settings.host, settings.port, {.prefix = settings.prefix}};
  Users users{statwire::UserMetrics{statsd}};
  statwire::InstrumentedServer<> server{statwire::RequestMetrics{statsd, settings, {.count_errors = true}}};
  add_routes(server, users);

  std::optional<Listening> listening{std::in_place, server, options.listen};
  introduce(options);
  const Address address = listening->address();
  say("listening on http://" + to_string(address) +
      "; GET /desktop /orders/7 /report /broken, POST /users /login /logout");
  auto registration = statwire::register_contexts_async(settings, server.controllers());
  const auto start = steady_clock::now();
  serve_until_end(options, signals, users, registration);
  const std::chrono::duration<double> time = steady_clock::now() - start;
  listening.reset();

  statsd.flush();
  const statwire::DeliveryStats sent = statsd.stats();
  if (!own.has_statsd()) {
    say("the figures are at the StatsD server " + to_string(Address{settings.host, settings.port}));
    return print(stdout, delivery_line(sent));
  }
  if (options.has_own_contexts) static_cast<void>(registration.wait());  // before they are asked for
  const Figures& figures = own.finish(sent.datagrams);
  report(options, figures, time);
  print(stdout, delivery_line(sent, own.datagrams()));
}

}  // namespace
}  // namespace web_app

int main(int argc, char** argv) {
  using namespace web_app;
  const EndSignals signals;
  const auto command = parse_options(argc, argv);
  if (const auto* error = std::get_if<UsageError>(&command)) {
    for (const std::string& message : error->messages) print(stderr, "web_app: " + message);
    return 2;
  }
  if (const auto* answer = std::get_if<Answer>(&command)) {
    std::fputs(answer->text.c_str(), stdout);
    return 0;
  }
  // ClientError and others say in one line what is wrong: the port is taken, ...
  try {
    run(std::get<Options>(command), signals);
  } catch (const std::exception& error) {
    print(stderr, std::string{"web_app: "} + error.what());
    return 1;
  }
  return 0;
}
