#pragma once

// Reads the plaintext protocol of Graphite as carbon does (lib/carbon/protocols.py), to see what a flush
// would become there.

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/protocol/number.hpp"
#include "support/text.hpp"

namespace statwire::test {

struct GraphitePoint {
  std::string metric;
  double value = 0;
  double timestamp = 0;
};

namespace graphite {

/// Python 3's float(): digits may have underscores between them.
inline std::optional<double> read_number(const std::string& text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_between =
        i != 0 && i + 1 < text.size() && std::isdigit(text[i - 1]) != 0 && std::isdigit(text[i + 1]) != 0;
    if (text[i] == '_' && is_between) continue;
    digits += text[i];
  }
  return protocol::parse_float(digits);
}

}  // namespace graphite

/// What carbon makes of a line; nothing when it ignores it.
inline std::optional<GraphitePoint> read_as_carbon(std::string_view line) {
  std::string_view words[3];
  if (protocol::split_words(line, words) != 3) return std::nullopt;
  const auto value = graphite::read_number(std::string{words[1]});
  const auto timestamp = graphite::read_number(std::string{words[2]});
  if (!value || !timestamp || std::isnan(*value)) return std::nullopt;
  return GraphitePoint{std::string{words[0]}, *value, *timestamp};
}

/// The same lines, in the same order, with the same numbers. `is_compared(path)` says of which lines the
/// value counts.
template <class IsCompared>
void check_same_flush(const std::string& text, const std::vector<std::string>& wanted,
                      IsCompared&& is_compared) {
  std::vector<std::string> lines = split(text, '\n');
  REQUIRE(lines.back().empty());
  lines.pop_back();
  for (std::size_t i = 0; i < std::max(lines.size(), wanted.size()); ++i) {
    const std::string ours = i < lines.size() ? lines[i] : "(none)";
    const std::string theirs = i < wanted.size() ? wanted[i] : "(none)";
    CAPTURE(ours);
    CAPTURE(theirs);
    const auto our_point = read_as_carbon(ours);
    const auto their_point = read_as_carbon(theirs);
    REQUIRE(our_point.has_value());
    REQUIRE(their_point.has_value());
    CHECK(our_point->metric == their_point->metric);
    CHECK(our_point->timestamp == their_point->timestamp);
    if (is_compared(our_point->metric)) CHECK(our_point->value == their_point->value);
  }
}

}  // namespace statwire::test
