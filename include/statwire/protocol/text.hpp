#pragma once

// Cutting text into parts, shared by the parsers of this folder, which points into the text that was given;
// and what makes text of others fit for a message.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace statwire::protocol {

/// The bytes that count as white space within a line.
inline constexpr std::string_view blanks = " \t\r\v\f";

/// Whether a byte is one of `blanks`; the searches of std::string_view take ten times as long to say so.
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n');
}

/// The letters of ASCII in lower case; whatever the locale.
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// A text without control characters: it stays within its line of a message or a log.
inline std::string one_line(std::string text, char substitute = '?') {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(text.begin(), text.end(), is_control, substitute);
  return text;
}

/// Cuts the text before the first separator off the front of `rest`, and the separator with it. When there is
/// none, all of it is returned and `rest` becomes null.
inline std::string_view take_until(std::string_view& rest, char separator) noexcept {
  const std::size_t length = rest.find(separator);
  const std::string_view head = rest.substr(0, length);
  rest = length == std::string_view::npos ? std::string_view{} : rest.substr(length + 1);
  return head;
}

/// Removes white space at both ends.
inline std::string_view trim(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Splits a line at white space into `words`; returns how many there are, words.size() + 1 when there are
/// more.
inline std::size_t split_words(std::string_view line, std::span<std::string_view> words) noexcept {
  std::size_t count = 0;
  std::size_t next = 0;
  for (;;) {
    while (next < line.size() && is_blank(line[next])) ++next;
    if (next == line.size()) return count;
    if (count == words.size()) return count + 1;
    const std::size_t begin = next;
    while (next < line.size() && !is_blank(line[next])) ++next;
    words[count++] = line.substr(begin, next - begin);
  }
}

}  // namespace statwire::protocol
