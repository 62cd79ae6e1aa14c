#pragma once

// Where a client sends and its constant tags, from the environment, under the names that other clients read,
// so that one deployment configures all. The first of these that is set says where to:
//
//   STATSD_URL            an endpoint: udp://host:8125, unix:///path, ... (see protocol/endpoint.hpp)
//   DD_DOGSTATSD_URL      the same
//   STATSD_HOST, STATSD_PORT     for UDP; 127.0.0.1 and 8125 when one is not set
//
// Besides, STATSD_PREFIX goes before every name, and STATSD_DISABLE=1 sends nothing. DD_ENV, DD_SERVICE,
// DD_VERSION and DD_TAGS become tags of a client that asks for them: datadog_tags(). An empty variable counts
// as not set. Opens nothing.

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "statwire/aggregate/context.hpp"
#include "statwire/protocol/endpoint.hpp"
#include "statwire/protocol/text.hpp"

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
    return "the environment variable " + variable + " is '" + protocol::one_line(value) + "': " + expected;
  }
};

/// Returns the value of a variable, or nullptr; as std::getenv.
using ReadVariable = std::function<const char*(const char* name)>;

namespace client {

inline constexpr std::string_view host_form = "expected a host name or an address, without a port";
inline constexpr std::string_view port_form = "expected a port from 1 to 65535";

/// Reads a host as that of an endpoint, so that both know the same hosts; an IPv6 address without brackets.
std::optional<std::string> parse_host(std::string_view text);
std::optional<std::uint16_t> parse_port(std::string_view text);

}  // namespace client

/// The constant tags that Datadog's variables ask for, for StatsdOptions::tags: `own` first, then `env` from
/// DD_ENV, `service` from DD_SERVICE, `version` from DD_VERSION, then those of DD_TAGS (`team:a,canary`; by
/// commas or blanks; a tag without a value is a label). A key of an earlier source hides that of a later one,
/// so own tags win over the environment. Read now and not again; not while another thread changes the
/// environment. A client refuses more than TagList::max_tags of them. Tests give their own variables.
///
///   statwire::StatsdClient statsd{"127.0.0.1", 8125, {.tags = statwire::datadog_tags({{"role", "web"}})}};
aggregate::Context::OwnedTags datadog_tags(aggregate::Context::OwnedTags own = {},
                                           const ReadVariable& read = &std::getenv);

/// Reads the environment, or says in `error` which variable is wrong and what would be right. Tests give
/// their own variables. Not while another thread changes the environment.
std::optional<Environment> read_environment(EnvironmentError& error, const ReadVariable& read = &std::getenv);

/// As above; throws ClientError errc::invalid_option that names the variable, its value and what would be
/// right.
Environment read_environment();

}  // namespace statwire

#ifndef STATWIRE_SEPARATE_COMPILATION
#include "statwire/client/impl/environment.ipp"
#endif
