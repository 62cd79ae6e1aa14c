#pragma once

// How Node shows an object of names and numbers, which is what the admin commands of statsd/statsd answer
// with: on one line where it fits, else one entry a line. A long array is cut, as Node does; it is not laid
// out in columns, as Node does from the seventh entry on.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/protocol/clean.hpp"
#include "statwire/server/statsd_numbers.hpp"

namespace statwire::server {

namespace detail {

inline constexpr std::size_t max_inspected_entries = 100;

/// A key: bare where it is a word, else in quotes, with what would end or hide them escaped.
inline std::string inspected_key(std::string_view key) {
  bool is_word = !key.empty() && !is_digit(key.front());
  for (const char c : key)
    is_word &= protocol::detail::is_alphanumeric(static_cast<unsigned char>(c)) || c == '_';
  if (is_word) return std::string{key};
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string quoted = "'";
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\x";
      quoted += digits[byte >> 4];
      quoted += digits[byte & 15];
      continue;
    }
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

inline std::string inspected_number(double value) {
  char text[max_statsd_number_chars];
  return {text, write_script_number(text, value)};
}

/// Joins entries between two braces: on one line when all of it has at most so many columns and no entry has
/// several lines.
inline std::string inspected_entries(const std::vector<std::string>& entries, char open, char close,
                                     std::size_t indentation) {
  if (entries.empty()) return {open, close};
  constexpr std::size_t columns = 80;
  std::size_t width = 2 * entries.size() + indentation + 11;  // as Node reckons
  bool fits = true;
  for (const std::string& entry : entries) {
    width += entry.size();
    fits &= entry.find('\n') == std::string::npos;
  }
  fits &= width <= columns;
  const std::string separator = fits ? " " : "\n" + std::string(indentation + 2, ' ');
  std::string text{open};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i != 0) text += ',';
    text.append(separator).append(entries[i]);
  }
  text += fits ? " " : "\n" + std::string(indentation, ' ');
  return text + close;
}

}  // namespace detail

/// An array of numbers within an object: `[ 320, 100 ]`.
inline std::string inspect_numbers(std::span<const double> numbers) {
  std::vector<std::string> entries;
  const std::size_t shown = std::min(numbers.size(), detail::max_inspected_entries);
  for (const double number : numbers.first(shown)) entries.push_back(detail::inspected_number(number));
  if (const std::size_t more = numbers.size() - shown; more != 0) {
    entries.push_back("... " + std::to_string(more) + (more == 1 ? " more item" : " more items"));
  }
  return detail::inspected_entries(entries, '[', ']', 2);
}

/// An object whose entries are texts already: `{ gorets: 1, 'a.b': 2 }`.
class InspectedObject {
 public:
  void add(std::string_view key, std::string_view value) {
    entries_.push_back(detail::inspected_key(key).append(": ").append(value));
  }
  void add(std::string_view key, double value) { add(key, detail::inspected_number(value)); }

  std::string text() const { return detail::inspected_entries(entries_, '{', '}', 0); }

 private:
  std::vector<std::string> entries_;
};

}  // namespace statwire::server
