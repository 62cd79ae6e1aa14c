#pragma once

// From a name to the number of its series: the texts of the line are written and cleaned here, once.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "statwire/aggregate/context.hpp"
#include "statwire/aggregate/registry.hpp"
#include "statwire/protocol/rate.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire::aggregate {

inline std::string_view type_text(SeriesType type, const Profile& profile) noexcept {
  switch (type) {
    case SeriesType::counter:
      return "c";
    case SeriesType::gauge:
      return "g";
    case SeriesType::timing:
      return "ms";
    case SeriesType::histogram:
      return protocol::histogram_type(profile);
    case SeriesType::distribution:
      return protocol::distribution_type(profile);
    case SeriesType::set:
      return "s";
  }
  return {};
}

/// The tags that a series has: those of the context but for keys that `tags` has, too. Sorted by key, so that
/// their order makes no other series; tags of one key keep their order. Empty when there are too many.
inline std::optional<TagList> effective_tags(std::span<const Tag> constant, std::span<const Tag> tags) {
  TagList all{tags};
  for (const Tag& tag : constant) {
    const auto replaces = [&](const Tag& other) { return other.key == tag.key; };
    if (std::none_of(tags.begin(), tags.end(), replaces)) all.add(tag);
  }
  if (all.is_too_long()) return std::nullopt;
  std::array<Tag, TagList::max_tags> sorted;
  const auto end = std::copy(all.view().begin(), all.view().end(), sorted.begin());
  std::stable_sort(sorted.begin(), end, [](const Tag& a, const Tag& b) { return a.key < b.key; });
  return TagList{std::span<const Tag>{sorted.begin(), end}};
}

/// Why there is no series.
enum class Unresolved { too_many_tags, too_long, too_many_series };

struct Resolved {
  std::uint32_t index = Registry::overflow;
  Unresolved reason = Unresolved::too_many_series;  ///< When index is overflow.
};

/// What a metric's series that there is no room for have in place of the tags of the call.
inline constexpr std::array<Tag, 1> overflow_tags{{{"overflow", "true"}}};

/// The series that `name` stands for; a new one if need be. Allocates then.
inline Resolved resolve_series(Registry& registry, const Context& context, const SeriesName& name,
                               SeriesUse use) {
  const Profile& profile = registry.options().profile;
  const std::optional<TagList> tags = effective_tags(context.tags(), name.tags);
  if (!tags) return {.reason = Unresolved::too_many_tags};
  const protocol::LineHead head{
      .prefix = context.prefix(), .name = name.name, .profile = &profile, .tags = tags->view()};
  char head_bytes[protocol::max_statsd_line_bytes];
  char tags_bytes[protocol::max_statsd_line_bytes];
  char type_bytes[4];
  const std::size_t head_size = protocol::detail::LineCursor{head_bytes}.name(head).raw(":").size();
  protocol::detail::LineCursor end{tags_bytes};
  const std::size_t tags_size = end.end_tags(head).size();
  const std::size_t type_size =
      protocol::detail::LineCursor{type_bytes}.raw("|").raw(type_text(name.type, profile)).size();
  char tail_bytes[protocol::max_statsd_line_bytes];
  protocol::detail::LineCursor tail{tail_bytes};
  tail.tail(type_text(name.type, profile),
            {.rate = protocol::rate_of(name.one_in), .profile = &profile, .tags = tags->view()});
  if (head_size == 0 || end.has_overflowed() || tail.has_overflowed() ||
      head_size + tags_size + type_size >= registry.options().max_line_bytes) {
    return {.reason = Unresolved::too_long};
  }
  return {.index = registry.find_or_add({.type = name.type,
                                         .one_in = name.one_in,
                                         .head = {head_bytes, head_size},
                                         .type_text = {type_bytes, type_size},
                                         .tags_text = {tags_bytes, tags_size},
                                         .tail = {tail_bytes, tail.size()}},
                                        use)};
}

/// The same; but a metric with tags that finds no room gets one series for all of its calls that do not.
/// Their sum stays right, whoever made up the tags.
inline Resolved resolve_series_or_overflow(Registry& registry, const Context& context, SeriesName name,
                                           SeriesUse use) {
  const Resolved resolved = resolve_series(registry, context, name, use);
  if (resolved.index != Registry::overflow || resolved.reason != Unresolved::too_many_series ||
      name.tags.empty()) {
    return resolved;
  }
  name.tags = overflow_tags;
  return resolve_series(registry, context, name, SeriesUse::overflow);
}

}  // namespace statwire::aggregate
