#pragma once

// What a client or a scope puts to every name: a prefix and tags.

#include <algorithm>
#include <atomic>
#include <concepts>
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

  /// A context within this one: a longer prefix, and tags that replace those with the same key. `id_of(text)`
  /// gives the same number for the same text, or 0 for one of its own.
  template <std::invocable<std::string_view> IdOf>
  Context inner(std::string_view prefix, const TagList& tags, IdOf&& id_of) const {
    OwnedTags merged;
    for (const auto& tag : owned_) {
      const auto replaces = [&](const Tag& other) { return other.key == tag.first; };
      if (std::none_of(tags.view().begin(), tags.view().end(), replaces)) merged.push_back(tag);
    }
    for (const Tag& tag : tags.view()) merged.emplace_back(tag.key, tag.value);
    Context result{prefix_ + std::string{prefix}, std::move(merged)};
    if (const std::uint32_t id = id_of(result.text()); id != 0) result.id_ = id;
    return result;
  }

  /// An id that no context of the process has had.
  static std::uint32_t next_id() noexcept {
    static std::atomic<std::uint32_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  /// The same for contexts of one client only if they are equal.
  std::uint32_t id() const noexcept { return id_; }
  std::string_view prefix() const noexcept { return prefix_; }
  std::span<const Tag> tags() const noexcept { return tags_; }

 private:
  /// Different for contexts that differ in anything.
  std::string text() const {
    std::string text = prefix_;
    for (const auto& [key, value] : owned_) {
      for (const std::string& part : {key, value})
        text.append(1, ' ').append(std::to_string(part.size())).append(1, ' ').append(part);
    }
    return text;
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
