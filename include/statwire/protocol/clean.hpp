#pragma once

// Cleaning of the bytes that come from outside, so that no string can forge a second line or another field.
// It happens once, while a string is copied into a line. The rules are those of the reference daemon's own
// sanitiser, so a series has the name that it would have had anyway; where the daemon drops a byte, a `_` is
// put instead, for a dropped byte could make two names one. Source: statsd/statsd stats.js (sanitizeKeyName),
// docs/metric_types.md.

#include <array>
#include <cstddef>
#include <string_view>

#include "statwire/protocol/profile.hpp"

namespace statwire::protocol {

namespace detail {

using ByteMap = std::array<char, 256>;

constexpr bool is_alphanumeric(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

inline constexpr ByteMap name_bytes = [] {
  ByteMap map{};
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto byte = static_cast<unsigned char>(i);
    const bool legal = is_alphanumeric(byte) || byte == '_' || byte == '-' || byte == '.';
    map[i] = legal ? static_cast<char>(byte) : byte == '/' ? '-' : '_';
  }
  return map;
}();

inline constexpr ByteMap member_bytes = [] {
  ByteMap map{};
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto byte = static_cast<unsigned char>(i);
    const bool illegal = byte < 0x20 || byte == 0x7f || byte == ':' || byte == '|';
    map[i] = illegal ? '_' : static_cast<char>(byte);
  }
  return map;
}();

/// Tags, for every dialect at once: what one of them needs for itself is replaced for all, so a tag means the
/// same wherever it is sent.
inline constexpr ByteMap tag_bytes = [] {
  ByteMap map{};
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto byte = static_cast<unsigned char>(i);
    const bool illegal =
        byte <= 0x20 || byte >= 0x7f ||
        std::string_view{":|@#,;!^=~[]\\\"'"}.find(static_cast<char>(byte)) != std::string_view::npos;
    map[i] = illegal ? '_' : static_cast<char>(byte);
  }
  return map;
}();

/// Values of tags for servers that take colons and UTF-8 there.
inline constexpr ByteMap wide_tag_bytes = [] {
  ByteMap map{};
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto byte = static_cast<unsigned char>(i);
    const bool illegal =
        byte < 0x20 || byte == 0x7f || byte == '|' || byte == ',' || byte == '#' || byte == '@';
    map[i] = illegal ? '_' : static_cast<char>(byte);
  }
  return map;
}();

inline char* copy_mapped(char* out, std::string_view text, const ByteMap& map) noexcept {
  for (const char c : text) *out++ = map[static_cast<unsigned char>(c)];
  return out;
}

}  // namespace detail

/// Copies a metric name. Letters, digits, `_`, `-` and `.` stay, `/` becomes `-`, every other byte `_`.
/// Writes text.size() bytes; returns their end.
inline char* copy_clean_name(char* out, std::string_view text) noexcept {
  return detail::copy_mapped(out, text, detail::name_bytes);
}

/// Copies a member of a set: control characters, `:` and `|` become `_`, every other byte stays.
/// Writes text.size() bytes; returns their end.
inline char* copy_clean_member(char* out, std::string_view text) noexcept {
  return detail::copy_mapped(out, text, detail::member_bytes);
}

/// Copies a key of a tag: what any dialect needs for itself becomes `_`, as do blanks, control characters and
/// bytes above ASCII. Writes text.size() bytes; returns their end.
inline char* copy_clean_tag_key(char* out, std::string_view text) noexcept {
  return detail::copy_mapped(out, text, detail::tag_bytes);
}

/// Copies a value of a tag: as a key, but where the profile allows it, only control characters, `|`, `,`, `#`
/// and `@` are replaced. Writes text.size() bytes; returns their end.
inline char* copy_clean_tag_value(char* out, std::string_view text, const Profile& profile) noexcept {
  return detail::copy_mapped(out, text, profile.colons_in_tags ? detail::wide_tag_bytes : detail::tag_bytes);
}

}  // namespace statwire::protocol
