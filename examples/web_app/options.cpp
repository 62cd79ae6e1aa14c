#include "web_app/options.hpp"

#include <string_view>
#include <utility>

#include "command_line.hpp"

namespace web_app {
namespace {

void add_flags(example::CommandLine& line, Options& options) {
  line.add_value("--listen", "ADDRESS:PORT", options.listen,
                 "Where to listen (default 127.0.0.1:8080); port 0 takes a free one",
                 [](const char* flag, const std::string& text) {
                   return example::read_address_or_free_port(flag, text, "8080");
                 });
  line.add_value("--for", "DURATION", options.run_for, "End after this time (default: at Ctrl-C or SIGTERM)",
                 example::read_run_time);
}

constexpr const char* footer =
    "The environment says where metrics go, and who sends them:\n"
    "  METRICS_HOST, METRICS_PORT   a StatsD server (default: one is started here)\n"
    "  METRICS_CONTEXTS_URL         a contexts server (default: one is started here)\n"
    "  METRICS_PREFIX               before every name (default: v1.eu.shop.web.instance_1)\n"
    "  ENABLE_METRICS_COLLECTION    whether requests are measured (default: 1)";

}  // namespace

example::Command<Options> parse_options(int argc, const char* const* argv) {
  example::CommandLine line{
      "web_app", "A small web service, measured with statwire; shows at its end what its metrics say.",
      footer};
  return example::parse_command<Options>(line, argc, argv, add_flags);
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
