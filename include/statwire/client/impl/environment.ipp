#pragma once

// What environment.hpp declares; see detail/config.hpp.

#include "statwire/client/environment.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/aggregate/context.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/endpoint.hpp"

namespace statwire {

namespace client {

STATWIRE_DECL std::optional<std::string> parse_host(std::string_view text) {
  const std::string host{text};
  const bool is_v6 = std::count(host.begin(), host.end(), ':') > 1;
  EndpointError error;
  const auto parsed = parse_endpoint(is_v6 ? "udp://[" + host + "]" : "udp://" + host, error);
  if (!parsed || parsed->host != host) return std::nullopt;
  return host;
}

STATWIRE_DECL std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data(), end, port);
  if (ec != std::errc{} || stop != end || port == 0) return std::nullopt;
  return port;
}

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

  void refuse(const char* name, std::string_view expected) {
    if (error_.variable.empty()) error_ = {name, value(name), std::string{expected}};
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

  void take_host(Endpoint& endpoint) {
    const std::string text = value("STATSD_HOST");
    if (text.empty()) return;
    if (auto host = parse_host(text)) {
      endpoint.host = *std::move(host);
    } else {
      refuse("STATSD_HOST", host_form);
    }
  }

  void take_port(Endpoint& endpoint) {
    const std::string text = value("STATSD_PORT");
    if (text.empty()) return;
    if (const auto port = parse_port(text)) {
      endpoint.port = *port;
    } else {
      refuse("STATSD_PORT", port_form);
    }
  }

  const ReadVariable& read_;
  EnvironmentError error_;
};

/// Puts tags together from sources of falling precedence. One source may have a key several times.
class TagMerger {
 public:
  using OwnedTags = aggregate::Context::OwnedTags;

  /// Takes those tags of the next source whose keys no earlier source has.
  void add(OwnedTags source) {
    std::erase_if(source, [&](const auto& tag) {
      return std::any_of(tags_.begin(), tags_.end(),
                         [&](const auto& earlier) { return earlier.first == tag.first; });
    });
    std::move(source.begin(), source.end(), std::back_inserter(tags_));
  }

  OwnedTags take() { return std::move(tags_); }

 private:
  OwnedTags tags_;
};

/// Reads `key:value,label key:value`: separated by commas or blanks, the key ends at the first colon.
STATWIRE_DECL TagMerger::OwnedTags parse_datadog_tags(std::string_view text) {
  TagMerger::OwnedTags tags;
  while (!text.empty()) {
    const std::string_view tag = text.substr(0, text.find_first_of(", \t\r\n"));
    text.remove_prefix(std::min(tag.size() + 1, text.size()));
    const std::size_t colon = std::min(tag.find(':'), tag.size());
    if (colon == 0) continue;
    tags.emplace_back(tag.substr(0, colon), tag.substr(std::min(colon + 1, tag.size())));
  }
  return tags;
}

}  // namespace client

STATWIRE_DECL aggregate::Context::OwnedTags datadog_tags(aggregate::Context::OwnedTags own,
                                                         const ReadVariable& read) {
  constexpr std::pair<const char*, const char*> unified[] = {
      {"env", "DD_ENV"}, {"service", "DD_SERVICE"}, {"version", "DD_VERSION"}};
  const auto value = [&](const char* name) {
    const char* const text = read(name);
    return std::string_view{text == nullptr ? "" : text};
  };
  client::TagMerger tags;
  tags.add(std::move(own));
  for (const auto& [key, variable] : unified) {
    const std::string_view text = value(variable);
    if (!text.empty()) tags.add({{key, std::string{text}}});
  }
  tags.add(client::parse_datadog_tags(value("DD_TAGS")));
  return tags.take();
}

STATWIRE_DECL std::optional<Environment> read_environment(EnvironmentError& error, const ReadVariable& read) {
  client::EnvironmentReader reader{read};
  std::optional<Environment> environment = reader.read();
  error = reader.error();
  return environment;
}

STATWIRE_DECL Environment read_environment() {
  EnvironmentError error;
  std::optional<Environment> environment = read_environment(error);
  if (!environment) detail::fail(errc::invalid_option, "statwire: " + error.message());
  return *std::move(environment);
}

}  // namespace statwire
