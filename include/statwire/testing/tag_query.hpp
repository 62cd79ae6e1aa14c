#pragma once

// Which tags a test asks for: those of one series, or of all that have some. Used by captured.hpp.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "statwire/protocol/tag.hpp"
#include "statwire/testing/captured_sample.hpp"

namespace statwire::testing {

/// Tags as they stand on the wire, in any order: `{{"route", "/a"}, {"canary", ""}}`, where a label has an
/// empty value. Made from braces it means these tags and no others. It keeps a copy.
class TagQuery {
 public:
  TagQuery() = default;
  TagQuery(std::initializer_list<Tag> tags) : TagQuery{tags, false} {}

  /// All series that have these tags, whatever others they have; all series there are, when there are none.
  friend TagQuery including(std::initializer_list<Tag> tags);

  bool matches(const CapturedTags& tags) const {
    if (!is_partial_) return tags == tags_;
    return std::includes(tags.begin(), tags.end(), tags_.begin(), tags_.end());
  }

  const CapturedTags& tags() const noexcept { return tags_; }
  bool is_partial() const noexcept { return is_partial_; }

 private:
  TagQuery(std::initializer_list<Tag> tags, bool is_partial) : is_partial_{is_partial} {
    for (const Tag& tag : tags) tags_.emplace_back(tag.key, tag.value);
    std::sort(tags_.begin(), tags_.end());
  }

  CapturedTags tags_;
  bool is_partial_ = false;
};

/// Asks for all series that have these tags: `captured.counter("hits", including({{"route", "/a"}}))`. Their
/// samples answer together, as if they were of one series.
inline TagQuery including(std::initializer_list<Tag> tags) {
  return TagQuery{tags, true};
}

}  // namespace statwire::testing
