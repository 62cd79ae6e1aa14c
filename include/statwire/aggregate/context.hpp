#pragma once

// What a client or a scope puts to every name: a prefix and tags.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/tag.hpp"

namespace statwire::aggregate {

/// Immutable once made, so any thread may read it.
class Context {
 public:
  using OwnedTags = std::vector<std::pair<std::string, std::string>>;

  /// The prefix is cleaned and gets one dot at its end, whether or not the user wrote it.
  Context(std::string_view prefix, OwnedTags tags)
      : id_{next_id()}, prefix_{clean_prefix(prefix)}, owned_{std::move(tags)} {
    for (const auto& [key, value] : owned_) tags_.push_back({key, value});
  }

  Context(const Context& other) : id_{other.id_}, prefix_{other.prefix_}, owned_{other.owned_} {
    for (const auto& [key, value] : owned_) tags_.push_back({key, value});
  }
  Context& operator=(const Context&) = delete;

  /// A context within this one: a longer prefix, and tags that replace those with the same key.
  Context inner(std::string_view prefix, const TagList& tags) const {
    OwnedTags merged;
    for (const auto& tag : owned_) {
      const auto replaces = [&](const Tag& other) { return other.key == tag.first; };
      if (std::none_of(tags.view().begin(), tags.view().end(), replaces)) merged.push_back(tag);
    }
    for (const Tag& tag : tags.view()) merged.emplace_back(tag.key, tag.value);
    return {prefix_ + std::string{prefix}, std::move(merged)};
  }

  /// Different for each context of the process, but for copies.
  std::uint32_t id() const noexcept { return id_; }
  std::string_view prefix() const noexcept { return prefix_; }
  std::span<const Tag> tags() const noexcept { return tags_; }

 private:
  static std::uint32_t next_id() noexcept {
    static std::atomic<std::uint32_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  static std::string clean_prefix(std::string_view prefix) {
    while (prefix.ends_with('.')) prefix.remove_suffix(1);
    if (prefix.empty()) return {};
    std::string clean(prefix.size(), '\0');
    protocol::copy_clean_name(clean.data(), prefix);
    return clean + '.';
  }

  std::uint32_t id_;
  std::string prefix_;
  OwnedTags owned_;
  std::vector<Tag> tags_;  ///< Views of owned_.
};

}  // namespace statwire::aggregate
