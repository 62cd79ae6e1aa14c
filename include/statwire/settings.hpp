#pragma once

// The settings of an instrumented application, under the names that M3 gave them. An aggregate to fill in, or
// to read from the environment:
//
//   METRICS_HOST                 where the StatsD server is; localhost
//   METRICS_PORT                 its UDP port; 8125
//   METRICS_PREFIX               goes before every name, and says who this is; none
//   METRICS_CONTEXTS_URL         where contexts are registered; http://localhost:1942/register
//   ENABLE_METRICS_COLLECTION    whether requests are measured; off
//
// An empty variable counts as not set. Opens nothing.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/client/environment.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/http_url.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire {

/// The settings.
///
///   auto settings = statwire::Settings::from_env();
///   statwire::StatsdClient statsd{settings.host, settings.port, {.prefix = settings.prefix}};
struct Settings {
  std::string host = "localhost";  ///< A name or an address, without brackets.
  std::uint16_t port = 8125;
  /// Joined to every name with one dot, whether or not it ends in one. Its parts say who this is: version,
  /// region, client, product, and the first that begins with `instance_`.
  std::string prefix{};
  std::string contexts_url = "http://localhost:1942/register";
  bool collect_requests = false;  ///< Whether RequestMetrics measures; nothing else looks at it.

  /// Reads the environment once. Throws ClientError errc::invalid_option whose message has a line for each
  /// variable that is wrong: its name, its value, and what is legal. Tests give their own variables. Not
  /// while another thread changes the environment.
  static Settings from_env(const ReadVariable& read = &std::getenv);

  /// The same; returns nothing when `errors`, which is cleared first, has any.
  static std::optional<Settings> from_env(std::vector<EnvironmentError>& errors,
                                          const ReadVariable& read = &std::getenv);
};

namespace client {

/// Reads the variables of Settings, and remembers each that is wrong.
class SettingsReader {
 public:
  SettingsReader(const ReadVariable& read, std::vector<EnvironmentError>& errors)
      : read_{read}, errors_{errors} {}

  Settings read() {
    Settings settings;
    take("METRICS_HOST", settings.host, parse_host, host_form);
    take("METRICS_PORT", settings.port, parse_port, port_form);
    take("METRICS_PREFIX", settings.prefix, parse_prefix,
         "expected names with dots between, of letters, digits, '_' and '-', as v1.region.client.product");
    take("METRICS_CONTEXTS_URL", settings.contexts_url, parse_url,
         "expected " + std::string{protocol::http_url_form});
    take("ENABLE_METRICS_COLLECTION", settings.collect_requests, parse_switch,
         "expected 1, true, yes or on, or 0, false, no or off");
    return settings;
  }

 private:
  /// Reads one variable, if it is set, with `parse(text)` that returns an optional value.
  template <class Value, class Parse>
  void take(const char* name, Value& value, Parse parse, std::string_view legal) {
    const char* const text = read_(name);
    if (text == nullptr || *text == '\0') return;
    if (std::optional<Value> parsed = parse(text)) {
      value = *std::move(parsed);
    } else {
      errors_.push_back({name, text, std::string{legal}});
    }
  }

  /// What every server takes unchanged; one dot at the end is harmless.
  static std::optional<std::string> parse_prefix(std::string_view text) {
    const auto is_plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
             c == '-' || c == '.';
    };
    const bool has_empty_part = text.starts_with('.') || text.find("..") != std::string_view::npos;
    if (has_empty_part || !std::all_of(text.begin(), text.end(), is_plain)) return std::nullopt;
    return std::string{text};
  }

  static std::optional<std::string> parse_url(std::string_view text) {
    if (!protocol::parse_http_url(text)) return std::nullopt;
    return std::string{text};
  }

  static std::optional<bool> parse_switch(std::string_view text) {
    std::string lower{text};
    std::transform(lower.begin(), lower.end(), lower.begin(), protocol::to_lower);
    if (lower == "1" || lower == "true" || lower == "yes" || lower == "on") return true;
    if (lower == "0" || lower == "false" || lower == "no" || lower == "off") return false;
    return std::nullopt;
  }

  const ReadVariable& read_;
  std::vector<EnvironmentError>& errors_;
};

}  // namespace client

inline std::optional<Settings> Settings::from_env(std::vector<EnvironmentError>& errors,
                                                  const ReadVariable& read) {
  errors.clear();
  Settings settings = client::SettingsReader{read, errors}.read();
  if (!errors.empty()) return std::nullopt;
  return settings;
}

inline Settings Settings::from_env(const ReadVariable& read) {
  std::vector<EnvironmentError> errors;
  std::optional<Settings> settings = from_env(errors, read);
  if (settings) return *std::move(settings);
  std::string what = "statwire: ";
  for (const EnvironmentError& error : errors) {
    if (&error != &errors.front()) what += "\nstatwire: ";
    what += error.message();
  }
  detail::fail(errc::invalid_option, what);
}

}  // namespace statwire
