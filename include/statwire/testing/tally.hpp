#pragma once

// Sums samples up as a server does, and writes the result as text. Used by captured.hpp.

#include <cmath>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/protocol/number.hpp"
#include "statwire/testing/captured_sample.hpp"

namespace statwire::testing::detail {

/// The text with everything but printable ASCII as `\x0a`.
inline std::string printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 0xf]);
    }
  }
  return result;
}

inline std::string number_text(double number) {
  if (!std::isfinite(number)) return std::to_string(number);
  char text[protocol::max_number_chars];
  return {text, protocol::Number{number}.write(text)};
}

/// The words between commas.
inline std::string list_of(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list.append(list.empty() ? "" : ", ").append(word);
  return list;
}

/// `counter hits{route=/a,canary}`.
inline std::string series_text(SampleType type, std::string_view name, const CapturedTags& tags,
                               std::string_view more = {}) {
  std::vector<std::string> words;
  for (const auto& [key, value] : tags) {
    words.push_back(printable(key) + (value.empty() ? "" : "=" + printable(value)));
  }
  if (!more.empty()) words.emplace_back(more);
  const std::string list = words.empty() ? "" : "{" + list_of(words) + "}";
  return std::string{name_of(type)} + " " + printable(name) + list;
}

/// What a server makes of the samples of one type.
struct Tally {
  std::size_t samples = 0;
  double sum = 0;                ///< Of a counter.
  double gauge = 0;              ///< The last value ...
  bool was_set = false;          ///< ... or, when it was never set, the sum of all changes.
  std::vector<double> values{};  ///< Of a timing, histogram or distribution, ...
  double count = 0;              ///< ... and how many there were before sampling.
  std::set<std::string, std::less<>> members{};

  void add(const CapturedSample& sample) {
    ++samples;
    for (const CapturedValue& value : sample.values) {
      switch (sample.type) {
        case SampleType::counter:
          sum += value.number * weight(sample.rate);
          break;
        case SampleType::gauge:
          gauge = value.is_relative ? gauge + value.number : value.number;
          was_set = was_set || !value.is_relative;
          break;
        case SampleType::set:
          members.insert(value.text);
          break;
        default:
          values.push_back(value.number);
          count += weight(sample.rate);
      }
    }
  }

  std::string text(SampleType type) const {
    std::vector<std::string> words;
    switch (type) {
      case SampleType::counter:
        return number_text(sum);
      case SampleType::gauge:
        if (was_set) return number_text(gauge);
        return (gauge < 0 ? "" : "+") + number_text(gauge) + " (a change)";
      case SampleType::set:
        for (const std::string& member : members) words.push_back(printable(member));
        return "{" + list_of(words) + "}";
      default:
        for (const double value : values) words.push_back(number_text(value));
        return "[" + list_of(words) + "]" + (type == SampleType::timing ? " ms" : "") +
               (count == static_cast<double>(values.size()) ? "" : " of " + number_text(count));
    }
  }

 private:
  /// Rates are one in N, and are printed so that a server gets N by cutting off the fraction: what is N but
  /// for the last bits is N.
  static double weight(double rate) {
    const double weight = 1 / rate;
    const double whole = std::round(weight);
    return std::fabs(weight - whole) <= whole * 1e-9 ? whole : weight;
  }
};

}  // namespace statwire::testing::detail
