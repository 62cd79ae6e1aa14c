#pragma once

// The names of series as the two StatsD servers make them from what was sent. Both replace or drop what
// Graphite has no use for, so no name can hold a blank or a line feed and thereby forge a line.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/text.hpp"
#include "statwire/server/statsd_numbers.hpp"

namespace statwire::server {

namespace detail {

constexpr bool is_kept_in_names(char c) noexcept {
  return protocol::detail::is_alphanumeric(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
}

}  // namespace detail

/// Appends a name as statsd/statsd cleans it: a run of white space becomes `_`, `/` becomes `-`, other bytes
/// than `[A-Za-z0-9_.;=-]` go.
inline void append_clean_name(std::string& out, std::string_view name) {
  while (!name.empty()) {
    const char c = name.front();
    if (detail::is_kept_in_names(c) || c == ';' || c == '=') {
      out += c;
    } else if (c == '/') {
      out += '-';
    } else if (detail::leading_space(name) != 0) {
      while (const std::size_t size = detail::leading_space(name)) name.remove_prefix(size);
      out += '_';
      continue;
    }
    name.remove_prefix(1);
  }
}

/// Appends the tags of a DogStatsD line as Graphite has them: `a:b,c:d` becomes `;a=b;c=d`. As in the
/// reference daemon, the first `;` and the first `:` of a tag are replaced; cleaning sees to the rest.
inline void append_graphite_tags(std::string& out, std::string_view tags) {
  while (tags.data() != nullptr) {
    const std::string_view tag = protocol::take_until(tags, ',');
    const std::size_t semicolon = tag.find(';');
    const std::size_t colon = tag.find(':');
    out += ';';
    for (std::size_t i = 0; i < tag.size(); ++i) {
      out += i == semicolon ? '_' : i == colon ? '=' : tag[i];
    }
  }
}

/// Appends a name as pystatsd cleans it: `/` becomes `-`, each space `_`, a run of other white space `_`,
/// other bytes than `[A-Za-z0-9_.-]` go.
inline void append_pystatsd_name(std::string& out, std::string_view name) {
  bool in_space = false;
  for (const char c : name) {
    const bool is_space = c != ' ' && (protocol::is_blank(c) || c == '\n');
    if (is_space ? !in_space : c == ' ') {
      out += '_';
    } else if (c == '/') {
      out += '-';
    } else if (detail::is_kept_in_names(c)) {
      out += c;
    }
    in_space = is_space;
  }
}

}  // namespace statwire::server
