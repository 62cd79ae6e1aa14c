// A StatsD server as a daemon: sums what clients send, and flushes it to Graphite. Takes the flags of
// pystatsd-server as well, and a configuration file, which SIGHUP has it read again. Ends in order at SIGTERM
// or SIGINT, with a last flush.
//
//   statsd_server --graphite graphite.example:2003
//   statsd_server --config statsd_server.toml -D --pidfile /run/statsd_server.pid --log /var/log/statsd.log

#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "daemon.hpp"
#include "statsd_server/background.hpp"
#include "statsd_server/options.hpp"
#include "statsd_server/pidfile.hpp"
#include "statsd_server/service.hpp"

namespace statsd_server {
namespace {

using example::EndSignals;

constexpr const char* program = "statsd_server";

void say(const std::string& line) {
  example::print(stdout, program, line);
}

/// Settings, or all that is wrong with them: the last line as an exception, the others printed.
Settings settings_or_throw(const Options& options) {
  auto read = read_settings(options);
  if (auto* complaints = std::get_if<Complaints>(&read)) {
    const std::string last = complaints->back();
    complaints->pop_back();
    for (const std::string& line : *complaints) example::print(stderr, program, line);
    throw std::runtime_error{last};
  }
  return std::get<Settings>(std::move(read));
}

/// The last of the settings is whether the server has them.
void check(const Options& options) {
  const Settings settings = settings_or_throw(options);
  const statwire::server::StatsdServer server{settings.server};
  say("configuration is fine");
}

/// Everything is read again; what is wrong leaves everything as it was.
void reload(const Options& options, Service& service) {
  try {
    if (!options.log.empty()) send_streams_to(options.log);
    if (options.config.empty()) return say("there is no configuration to read again");
    service.reconfigure(settings_or_throw(options));
    say("read " + options.config + " again: " + service.flush_words() + ", from the next flush on");
  } catch (const std::exception& error) {
    example::print(stderr, program, error.what());
    example::print(stderr, program, "the settings stay as they were");
  }
}

void serve(const Options& options, const EndSignals& signals) {
  const Settings settings = settings_or_throw(options);
  if (!options.log.empty()) require_writable(options.log);
  std::optional<Background> background;
  if (options.detach) background.emplace();
  std::optional<Pidfile> pidfile;
  if (!options.pidfile.empty()) pidfile.emplace(options.pidfile);
  Service service{program, settings, options.debug};
  const std::string line = service.start();
  if (background) {
    say(line);
    background->started(options.log);
  } else if (!options.log.empty()) {
    send_streams_to(options.log);
  }
  say(line);
  while (signals.wait_for_event() == EndSignals::Event::hangup) reload(options, service);
  say(service.stop());
}

void stop(const Options& options, const EndSignals& signals) {
  signals.restore();  // the user may end the wait
  say("stopped process " + std::to_string(stop_process(options.pidfile)));
}

/// A pidfile without a process is no reason not to start.
void restart(const Options& options, const EndSignals& signals) {
  settings_or_throw(options);  // before the old process ends for nothing
  try {
    stop(options, signals);
  } catch (const NothingToStop& nothing) {
    say(nothing.what());
  }
  EndSignals taken_again;
  taken_again.take_hangups();
  serve(options, taken_again);
}

void run(const Options& options, const EndSignals& signals) {
  switch (options.task) {
    case Task::serve:
      return serve(options, signals);
    case Task::check:
      return check(options);
    case Task::stop:
      return stop(options, signals);
    case Task::restart:
      return restart(options, signals);
  }
}

}  // namespace
}  // namespace statsd_server

int main(int argc, char** argv) {
  using namespace statsd_server;
  example::open_standard_streams();
  EndSignals signals;
  signals.take_hangups();
  return example::run_daemon<Options>(program, parse_options(argc, argv),
                                      [&](const Options& options) { run(options, signals); });
}
