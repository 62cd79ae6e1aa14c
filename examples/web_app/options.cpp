#include "web_app/options.hpp"

#include <CLI/CLI.hpp>
#include <limits>
#include <statwire/protocol/endpoint.hpp>
#include <statwire/protocol/number.hpp>
#include <statwire/version.hpp>
#include <utility>

#include "duration.hpp"

namespace web_app {
namespace {

using std::chrono::milliseconds;

Address read_address(const std::string& text) {
  std::optional<Address> address = parse_address(text);
  if (!address) {
    throw CLI::ValidationError{"--listen",
                               "'" + text +
                                   "' is not host:port; write it as 127.0.0.1:8080 or [::1]:8080, "
                                   "with a port from 0, which takes a free one, to 65535"};
  }
  return *std::move(address);
}

milliseconds read_duration(const std::string& text) {
  constexpr milliseconds shortest{100};
  constexpr milliseconds longest = std::chrono::days{365};
  const std::optional<milliseconds> duration = example::parse_duration(text);
  if (!duration || *duration < shortest || *duration > longest) {
    throw CLI::ValidationError{"--for",
                               "'" + text +
                                   "' is not a duration from 100ms to 8760h; write a number with ms, "
                                   "s, m or h, such as 500ms, 10s or 2m"};
  }
  return *duration;
}

void add_flags(CLI::App& app, Options& options) {
  app.add_option_function<std::string>(
         "--listen", [&options](const std::string& text) { options.listen = read_address(text); },
         "Where to listen (default 127.0.0.1:8080); port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->take_last();
  app.add_option_function<std::string>(
         "--for", [&options](const std::string& text) { options.run_for = read_duration(text); },
         "End after this time (default: at Ctrl-C or SIGTERM)")
      ->type_name("DURATION")
      ->take_last();
  app.add_flag_callback(
      "--version",
      [] {
        throw CLI::CallForVersion{"web_app " + std::to_string(STATWIRE_VERSION_MAJOR) + "." +
                                      std::to_string(STATWIRE_VERSION_MINOR) + "." +
                                      std::to_string(STATWIRE_VERSION_PATCH) + "\n",
                                  0};
      },
      "Print the version and exit");
}

constexpr const char* footer =
    "The environment says where metrics go, and who sends them:\n"
    "  METRICS_HOST, METRICS_PORT   a StatsD server (default: one is started here)\n"
    "  METRICS_CONTEXTS_URL         a contexts server (default: one is started here)\n"
    "  METRICS_PREFIX               before every name (default: v1.eu.shop.web.instance_1)\n"
    "  ENABLE_METRICS_COLLECTION    whether requests are measured (default: 1)";

/// Reads the environment into `options`; returns a message for each variable that is wrong.
std::vector<std::string> read_environment(const statwire::ReadVariable& read, Options& options) {
  const auto is_set = [&](const char* name) {
    const char* const text = read(name);
    return text != nullptr && *text != '\0';
  };
  std::vector<statwire::EnvironmentError> errors;
  const std::optional<statwire::Settings> settings = statwire::Settings::from_env(errors, read);
  std::vector<std::string> messages;
  for (const statwire::EnvironmentError& error : errors) messages.push_back(error.message());
  if (!settings) return messages;
  options.settings = *settings;
  if (!is_set("METRICS_PREFIX")) options.settings.prefix = "v1.eu.shop.web.instance_1";
  if (!is_set("ENABLE_METRICS_COLLECTION")) options.settings.collect_requests = true;
  options.has_own_statsd = !is_set("METRICS_HOST") && !is_set("METRICS_PORT");
  options.has_own_contexts = !is_set("METRICS_CONTEXTS_URL");
  return messages;
}

}  // namespace

std::string to_string(const Address& address) {
  const bool needs_brackets = address.host.find(':') != std::string::npos;
  return (needs_brackets ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

std::optional<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const std::string_view port_text = text.substr(colon + 1);
  const bool is_all_digits = port_text.find_first_not_of("0123456789") == port_text.npos;
  const std::optional<std::int64_t> port = statwire::protocol::parse_integer(port_text);
  if (!is_all_digits || !port || *port > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  // The host is one of an endpoint, whose port cannot be 0.
  const std::string url = "tcp://" + std::string{text.substr(0, colon)} + ":1";
  statwire::EndpointError error;
  std::optional<statwire::Endpoint> endpoint = statwire::parse_endpoint(url, error);
  if (!endpoint || statwire::to_string(*endpoint) != url) return std::nullopt;
  return Address{.host = std::move(endpoint->host), .port = static_cast<std::uint16_t>(*port)};
}

std::variant<Options, Answer, UsageError> parse_options(int argc, const char* const* argv,
                                                        const statwire::ReadVariable& read) {
  CLI::App app{"A small web service, measured with statwire; shows at its end what its metrics say.",
               "web_app"};
  app.footer(footer);
  app.allow_extras();  // reported below, with what is right
  Options options;
  add_flags(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Answer{version.what()};
  } catch (const CLI::ArgumentMismatch& error) {
    return UsageError{{std::string{error.what()} + "; web_app --help shows what each flag takes"}};
  } catch (const CLI::ParseError& error) {
    return UsageError{{error.what()}};
  }
  if (const auto unknown = app.remaining(); !unknown.empty()) {
    return UsageError{
        {"unknown argument '" + unknown.front() + "'; the flags are --listen, --for, --help and --version"}};
  }
  std::vector<std::string> messages = read_environment(read, options);
  if (!messages.empty()) return UsageError{std::move(messages)};
  return options;
}

}  // namespace web_app
