#pragma once

// A duration as users write it on a command line: a number with ms, s, m or h.

#include <chrono>
#include <cstddef>
#include <optional>
#include <statwire/protocol/number.hpp>
#include <string_view>
#include <utility>

namespace example {

/// Reads `500ms`, `1s` or `1.5m`. Parts of a millisecond are cut off.
inline std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using std::chrono::milliseconds;
  constexpr std::pair<std::string_view, milliseconds> units[]{{"ms", milliseconds{1}},
                                                              {"s", std::chrono::seconds{1}},
                                                              {"m", std::chrono::minutes{1}},
                                                              {"h", std::chrono::hours{1}}};
  const std::size_t number_length = text.find_first_not_of("0123456789.");
  const std::optional<double> number = statwire::protocol::parse_float(text.substr(0, number_length));
  if (number_length == text.npos || !number) return std::nullopt;
  for (const auto& [name, length] : units) {
    if (text.substr(number_length) != name) continue;
    const double count = *number * static_cast<double>(length.count());
    constexpr double exact_integers = 9007199254740992.0;  // 2^53
    if (count > exact_integers) return std::nullopt;
    return milliseconds{static_cast<milliseconds::rep>(count)};
  }
  return std::nullopt;
}

}  // namespace example
