#pragma once

// Points as lines for the two text protocols that nearly every store of time series takes: Graphite's
// plaintext protocol (carbon and its successors) and OpenTSDB's telnet protocol. What a key may hold in the
// put/get protocol is wider than what these take, so keys are mapped while they are copied: whatever bytes a
// key holds, a point is one line of the right number of words. Keys that differ only in bytes that are mapped
// become one series. No I/O.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::protocol {

namespace detail {

constexpr ByteMap with_bytes_kept(ByteMap map, std::string_view kept) {
  for (const char byte : kept) map[static_cast<unsigned char>(byte)] = byte;
  return map;
}

/// Carbon takes any UTF-8 without white space, but closes the connection on anything else, and its white
/// space is Unicode's; so nothing above ASCII goes there. What is kept besides has no meaning in the paths
/// and queries of Graphite.
inline constexpr ByteMap graphite_bytes = with_bytes_kept(name_bytes, ":@%+#");
inline constexpr ByteMap tagged_graphite_bytes = with_bytes_kept(graphite_bytes, ";=");

inline constexpr ByteMap opentsdb_bytes = with_bytes_kept(name_bytes, "/");

/// Appends what `write(char*)` writes, `max_bytes` at most, and whose end it returns: one growth a line, not
/// one a word.
template <class Write>
void append_written(std::string& out, std::size_t max_bytes, Write&& write) {
  const std::size_t begin = out.size();
  out.resize(begin + max_bytes);
  char* const text = out.data() + begin;
  out.resize(begin + static_cast<std::size_t>(write(text) - text));
}

inline char* write_text(char* out, std::string_view text) noexcept {
  return out + text.copy(out, text.size());
}

}  // namespace detail

/// Whether a point can be said in either protocol. Both have no NaN and no infinities, and what they make of
/// some times is another time: Graphite's listeners take -1, and some of them 0, as now; OpenTSDB's take what
/// needs more than 32 bits as milliseconds, and carbon's files hold no more than 32 bits.
inline bool is_forwardable(double value, std::int64_t timestamp) noexcept {
  return std::isfinite(value) && timestamp > 0 && timestamp <= std::numeric_limits<std::uint32_t>::max();
}

/// Whether a key has tags of Graphite, `name;tag=value;tag=value`, of which no part is empty.
inline bool has_graphite_tags(std::string_view key) noexcept {
  const std::string_view name = take_until(key, ';');
  if (name.empty() || name.find('=') != std::string_view::npos || key.data() == nullptr) return false;
  while (key.data() != nullptr) {
    std::string_view value = take_until(key, ';');
    const std::string_view tag = take_until(value, '=');
    if (tag.empty() || value.empty()) return false;
  }
  return true;
}

namespace detail {

/// What the bytes of a key become: `;` and `=` stay where they make tags.
inline const ByteMap& graphite_bytes_of(std::string_view key) noexcept {
  return has_graphite_tags(key) ? tagged_graphite_bytes : graphite_bytes;
}

}  // namespace detail

/// Appends `key value timestamp\n`. The point is forwardable, the key not empty. Of a key stay letters,
/// digits and `_ - . : @ % + #`; `/` becomes `-`, as in StatsD; every other byte becomes `_`. `;` and `=`
/// stay where they make tags (has_graphite_tags). The value is the shortest text that reads back as the same,
/// as `0.5`, `301` or `1e-05`.
inline void append_graphite(std::string& out, std::string_view key, double value, std::int64_t timestamp) {
  const auto& bytes = detail::graphite_bytes_of(key);
  detail::append_written(out, key.size() + max_number_chars + max_integer_chars + 3, [&](char* text) {
    text = detail::copy_mapped(text, key, bytes);
    *text++ = ' ';
    text = write_float(text, value, WholeNumbers::plain);
    *text++ = ' ';
    text = write_integer(text, timestamp);
    *text++ = '\n';
    return text;
  });
}

/// Whether a text is one tag as OpenTSDB takes it: `name=value`, each of letters, digits and `- _ . /`.
inline bool is_valid_opentsdb_tag(std::string_view tag) noexcept {
  const auto is_word = [](std::string_view word) {
    for (const char c : word) {
      if (detail::opentsdb_bytes[static_cast<unsigned char>(c)] != c) return false;
    }
    return !word.empty();
  };
  const std::size_t equals = tag.find('=');
  return equals != std::string_view::npos && is_word(tag.substr(0, equals)) &&
         is_word(tag.substr(equals + 1));
}

/// Appends `put key timestamp value tag\n`. The point is forwardable, the key not empty, the tag valid: a
/// point of OpenTSDB has one at least. Of a key stay letters, digits and `- _ . /`; every other byte becomes
/// `_`. The value is written as for Graphite.
inline void append_opentsdb(std::string& out, std::string_view key, double value, std::int64_t timestamp,
                            std::string_view tag) {
  constexpr std::string_view put = "put ";
  const std::size_t max_words = put.size() + key.size() + max_integer_chars + max_number_chars + tag.size();
  detail::append_written(out, max_words + 4, [&](char* text) {
    text = detail::write_text(text, put);
    text = detail::copy_mapped(text, key, detail::opentsdb_bytes);
    *text++ = ' ';
    text = write_integer(text, timestamp);
    *text++ = ' ';
    text = write_float(text, value, WholeNumbers::plain);
    *text++ = ' ';
    text = detail::write_text(text, tag);
    *text++ = '\n';
    return text;
  });
}

}  // namespace statwire::protocol
