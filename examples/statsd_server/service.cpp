#include "statsd_server/service.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "daemon.hpp"

namespace statsd_server {
namespace {

std::string page_words(const Settings& settings) {
  return settings.prometheus ? to_string(*settings.prometheus) : "none";
}

}  // namespace

Service::Service(const char* program, const Settings& settings, bool debug)
    : program_{program},
      settings_{settings},
      debug_{debug},
      max_connections_{example::connections_within(example::raise_descriptor_limit())},
      server_{server_options(settings)} {}

std::string Service::start() {
  server_.start();
#ifdef STATWIRE_HAVE_HTTP
  if (settings_.prometheus) {
    page_.emplace(*settings_.prometheus, [this] { return server_.prometheus_text(); });
  }
#endif
  return start_line(settings_);
}

void Service::reconfigure(const Settings& settings) {
  if (page_words(settings) != page_words(settings_)) {
    throw std::runtime_error{"prometheus is '" + page_words(settings) + "', was '" + page_words(settings_) +
                             "': a change of where it listens needs a restart"};
  }
  server_.reconfigure(server_options(settings));
  settings_ = settings;
}

std::string Service::stop() {
  server_.stop();  // first: a client that reads the page slowly must not hold up the last flush
#ifdef STATWIRE_HAVE_HTTP
  page_.reset();
#endif
  return stop_line(server_.stats());
}

statwire::server::StatsdServerOptions Service::server_options(const Settings& settings) {
  statwire::server::StatsdServerOptions options = settings.server;
  options.max_connections = std::min(options.max_connections, max_connections_);
  options.console = settings.console ? stdout : nullptr;
  options.on_flush = [this](const statwire::server::FlushedBatch&) {
    const std::string line = watch_.look_at(server_.stats().graphite);
    if (!line.empty()) example::print(stderr, program_, line);
  };
  if (debug_) {
    options.aggregation.on_warning = [program = program_](std::string_view warning) {
      example::print(stdout, program, "warning: " + std::string{warning});
    };
  }
  return options;
}

}  // namespace statsd_server
