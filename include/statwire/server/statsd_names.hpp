#pragma once

// The names of series as the two StatsD servers make them from what was sent. Both replace or drop what
// Graphite has no use for, so no name can hold a blank or a line feed and thereby forge a line.

#include <array>
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

/// The bytes that statsd/statsd keeps in names.
inline constexpr std::array<bool, 256> is_kept = [] {
  std::array<bool, 256> kept{};
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const char c = static_cast<char>(i);
    kept[i] = is_kept_in_names(c) || c == ';' || c == '=';
  }
  return kept;
}();

}  // namespace detail

/// Appends a name as statsd/statsd cleans it: a run of white space becomes `_`, `/` becomes `-`, other bytes
/// than `[A-Za-z0-9_.;=-]` go.
inline void append_clean_name(std::string& out, std::string_view name) {
  while (!name.empty()) {
    std::size_t kept = 0;
    while (kept < name.size() && detail::is_kept[static_cast<unsigned char>(name[kept])]) ++kept;
    out.append(name.substr(0, kept));
    name.remove_prefix(kept);
    if (name.empty()) return;
    if (name.front() == '/') out += '-';
    if (detail::leading_space(name) != 0) {
      while (const std::size_t size = detail::leading_space(name)) name.remove_prefix(size);
      out += '_';
    } else {
      name.remove_prefix(1);
    }
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
    const std::size_t begin = out.size();
    out.append(tag);
    if (semicolon != std::string_view::npos) out[begin + semicolon] = '_';
    if (colon != std::string_view::npos) out[begin + colon] = '=';
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
