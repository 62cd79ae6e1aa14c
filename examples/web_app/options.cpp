#include "web_app/options.hpp"

#include <CLI/CLI.hpp>
#include <string_view>
#include <utility>

#include "command_line.hpp"
#include "duration.hpp"

namespace web_app {
namespace {

using std::chrono::milliseconds;

example::ListenAddress read_listen(const char* flag, const std::string& text) {
  constexpr std::string_view free_port = ":0";
  if (!text.ends_with(free_port)) return example::read_listen_address(flag, text, "8080");
  const std::string host = text.substr(0, text.size() - free_port.size());
  std::optional<example::ListenAddress> address = example::parse_listen_address(host + ":1");
  if (!address)
    throw CLI::ValidationError{flag, "'" + host + "' is no address of IPv4 or, in brackets, IPv6"};
  address->port = 0;
  return *std::move(address);
}

milliseconds read_duration(const char* flag, const std::string& text) {
  constexpr milliseconds shortest{100};
  constexpr milliseconds longest = std::chrono::days{365};
  const std::optional<milliseconds> duration = example::parse_duration(text);
  if (!duration || *duration < shortest || *duration > longest) {
    throw CLI::ValidationError{flag,
                               "'" + text +
                                   "' is not a duration from 100ms to 8760h; write a number with ms, s, "
                                   "m or h, such as 500ms, 10s or 2m"};
  }
  return *duration;
}

void add_flags(CLI::App& app, Options& options) {
  using example::add_flag;
  add_flag(app, "--listen", "ADDRESS:PORT", options.listen,
           "Where to listen (default 127.0.0.1:8080); port 0 takes a free one", read_listen);
  add_flag(app, "--for", "DURATION", options.run_for, "End after this time (default: at Ctrl-C or SIGTERM)",
           read_duration);
}

constexpr const char* footer =
    "The environment says where metrics go, and who sends them:\n"
    "  METRICS_HOST, METRICS_PORT   a StatsD server (default: one is started here)\n"
    "  METRICS_CONTEXTS_URL         a contexts server (default: one is started here)\n"
    "  METRICS_PREFIX               before every name (default: v1.eu.shop.web.instance_1)\n"
    "  ENABLE_METRICS_COLLECTION    whether requests are measured (default: 1)";

}  // namespace

example::Command<Options> parse_options(int argc, const char* const* argv) {
  CLI::App app{"A small web service, measured with statwire; shows at its end what its metrics say.",
               "web_app"};
  app.footer(footer);
  return example::parse_command<Options>(app, argc, argv, add_flags);
}

std::vector<std::string> read_environment(Options& options, const statwire::ReadVariable& read) {
  const auto is_set = [&](const char* name) {
    const char* const text = read(name);
    return text != nullptr && *text != '\0';
  };
  std::vector<statwire::EnvironmentError> errors;
  const std::optional<statwire::Settings> settings = statwire::Settings::from_env(errors, read);
  if (!settings) {
    std::vector<std::string> messages;
    for (const statwire::EnvironmentError& error : errors) messages.push_back(error.message());
    return messages;
  }
  options.settings = *settings;
  if (!is_set("METRICS_PREFIX")) options.settings.prefix = "v1.eu.shop.web.instance_1";
  if (!is_set("ENABLE_METRICS_COLLECTION")) options.settings.collect_requests = true;
  options.has_own_statsd = !is_set("METRICS_HOST") && !is_set("METRICS_PORT");
  options.has_own_contexts = !is_set("METRICS_CONTEXTS_URL");
  return {};
}

}  // namespace web_app
