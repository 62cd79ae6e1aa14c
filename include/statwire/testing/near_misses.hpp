#pragma once

// What was sent that is much like what a test asked for: the same name with other tags or of another type,
// the name with or without a prefix, a name that differs in a few letters. Used by captured.hpp.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/testing/captured_sample.hpp"
#include "statwire/testing/tag_query.hpp"
#include "statwire/testing/tally.hpp"

namespace statwire::testing::detail {

/// All samples of one series.
struct CapturedSeries {
  SampleType type = SampleType::counter;
  std::string name{};
  CapturedTags tags{};
  Tally tally{};

  /// `counter hits{route=/b} = 2`.
  std::string text() const { return series_text(type, name, tags) + " = " + tally.text(type); }
};

/// The series of the samples, in the order in which each came first.
inline std::vector<CapturedSeries> series_of(const std::vector<CapturedSample>& samples) {
  std::vector<CapturedSeries> all;
  for (const CapturedSample& sample : samples) {
    auto found = std::find_if(all.begin(), all.end(), [&](const CapturedSeries& series) {
      return series.type == sample.type && series.name == sample.name && series.tags == sample.tags;
    });
    if (found == all.end()) found = all.insert(found, {sample.type, sample.name, sample.tags, {}});
    found->tally.add(sample);
  }
  return all;
}

/// How many letters have to be put in, left out or replaced to make one of the other (Levenshtein).
inline std::size_t edit_distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t replaced = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

/// Whether the longer name is the other with a prefix and a dot.
inline bool differ_by_prefix(std::string_view one, std::string_view other) {
  if (one.size() < other.size()) std::swap(one, other);
  return one.size() > other.size() && one.ends_with(other) && one[one.size() - other.size() - 1] == '.';
}

/// How far a series is from what was asked for, the nearest first; nothing when it is no near miss.
inline std::optional<std::size_t> distance(const CapturedSeries& series, SampleType type,
                                           std::string_view name) {
  if (series.name == name) return series.type == type ? 0 : 1;
  if (differ_by_prefix(series.name, name)) return 2;
  const std::size_t edits = edit_distance(series.name, name);
  if (edits > 1 + name.size() / 4) return std::nullopt;
  return 2 + edits;
}

/// The nearest misses as text, at most five; empty when there is none.
inline std::string near_misses(const std::vector<CapturedSample>& samples, SampleType type,
                               std::string_view name, const TagQuery& tags) {
  constexpr std::size_t most = 5;
  std::vector<std::pair<std::size_t, std::string>> misses;
  for (const CapturedSeries& series : series_of(samples)) {
    if (series.type == type && series.name == name && tags.matches(series.tags)) continue;
    if (const auto far = distance(series, type, name)) misses.emplace_back(*far, series.text());
  }
  std::stable_sort(misses.begin(), misses.end(),
                   [](const auto& one, const auto& other) { return one.first < other.first; });
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < std::min(misses.size(), most); ++i) texts.push_back(misses[i].second);
  if (misses.size() > most) texts.push_back("and " + std::to_string(misses.size() - most) + " more");
  return list_of(texts);
}

}  // namespace statwire::testing::detail
