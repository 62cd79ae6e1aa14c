#pragma once

// Where a client sends, from the environment, under the names that other clients read, so that one deployment
// configures all. The first of these that is set says where to:
//
//   STATSD_URL            an endpoint: udp://host:8125, unix:///path, ... (see protocol/endpoint.hpp)
//   DD_DOGSTATSD_URL      the same
//   STATSD_HOST, STATSD_PORT     for UDP; 127.0.0.1 and 8125 when one is not set
//
// Besides, STATSD_PREFIX goes before every name, and STATSD_DISABLE=1 sends nothing. An empty variable counts
// as not set. Opens nothing.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/endpoint.hpp"

namespace statwire {

/// What the environment says about metrics.
struct Environment {
  Endpoint endpoint{.host = "127.0.0.1"};  ///< Of kind null when disabled.
  std::string prefix{};
  bool disabled = false;
};

/// Which variable is wrong: empty names mean none.
struct EnvironmentError {
  std::string variable{};
  std::string value{};
  std::string expected{};  ///< What would be right.

  std::string message() const {
    return "the environment variable " + variable + " is '" + value + "': " + expected;
  }
};

/// Returns the value of a variable, or nullptr; as std::getenv.
using ReadVariable = std::function<const char*(const char* name)>;

namespace client {

/// Reads the variables one after the other, and remembers the first that is wrong.
class EnvironmentReader {
 public:
  explicit EnvironmentReader(const ReadVariable& read) : read_{read} {}

  std::optional<Environment> read() {
    Environment environment;
    environment.prefix = value("STATSD_PREFIX");
    environment.disabled = is_disabled();
    if (environment.disabled) {
      environment.endpoint = {.kind = Endpoint::Kind::null};
    } else if (!take_url("STATSD_URL", environment) && !take_url("DD_DOGSTATSD_URL", environment)) {
      take_host(environment.endpoint);
      take_port(environment.endpoint);
    }
    if (!error_.variable.empty()) return std::nullopt;
    return environment;
  }

  const EnvironmentError& error() const noexcept { return error_; }

 private:
  std::string value(const char* name) const {
    const char* const text = read_(name);
    return text == nullptr ? "" : text;
  }

  void refuse(const char* name, const std::string& expected) {
    if (error_.variable.empty()) error_ = {name, value(name), expected};
  }

  bool is_disabled() {
    const std::string text = value("STATSD_DISABLE");
    if (text.empty() || text == "0" || text == "false") return false;
    if (text != "1" && text != "true") refuse("STATSD_DISABLE", "expected 1, true, 0 or false");
    return true;
  }

  bool take_url(const char* name, Environment& environment) {
    const std::string text = value(name);
    if (text.empty()) return false;
    EndpointError error;
    if (auto endpoint = parse_endpoint(text, error)) {
      environment.endpoint = *std::move(endpoint);
    } else {
      refuse(name, error.message());
    }
    return true;
  }

  /// The host is parsed as that of an endpoint, so that both know the same hosts.
  void take_host(Endpoint& endpoint) {
    const std::string text = value("STATSD_HOST");
    if (text.empty()) return;
    const bool is_v6 = std::count(text.begin(), text.end(), ':') > 1;
    EndpointError error;
    const auto parsed = parse_endpoint(is_v6 ? "udp://[" + text + "]" : "udp://" + text, error);
    if (parsed && parsed->host == text) {
      endpoint.host = parsed->host;
    } else {
      refuse("STATSD_HOST", "expected a host name or an address, without a port");
    }
  }

  void take_port(Endpoint& endpoint) {
    const std::string text = value("STATSD_PORT");
    if (text.empty()) return;
    const char* const end = text.data() + text.size();
    const auto [stop, ec] = std::from_chars(text.data(), end, endpoint.port);
    if (ec != std::errc{} || stop != end || endpoint.port == 0) {
      refuse("STATSD_PORT", "expected a port from 1 to 65535");
    }
  }

  const ReadVariable& read_;
  EnvironmentError error_;
};

}  // namespace client

/// Reads the environment, or says in `error` which variable is wrong and what would be right. Tests give
/// their own variables. Not while another thread changes the environment.
inline std::optional<Environment> read_environment(EnvironmentError& error,
                                                   const ReadVariable& read = &std::getenv) {
  client::EnvironmentReader reader{read};
  std::optional<Environment> environment = reader.read();
  error = reader.error();
  return environment;
}

/// As above; throws ClientError errc::invalid_option that names the variable, its value and what would be
/// right.
inline Environment read_environment() {
  EnvironmentError error;
  std::optional<Environment> environment = read_environment(error);
  if (!environment) detail::fail(errc::invalid_option, "statwire: " + error.message());
  return *std::move(environment);
}

}  // namespace statwire
