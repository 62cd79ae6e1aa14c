#pragma once

// Which StatsD series make which families of a Prometheus page. Names that become the same are the rule, not
// the exception: a counter `api.hits` and a gauge `api/hits`, a timer `load` and a gauge `load.count`. A page
// with such a conflict is refused as a whole, so here each family gets a name of its own, and series that
// would be the same sample come one after the other. No numbers, no I/O.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/server/named_table.hpp"
#include "statwire/server/prometheus_names.hpp"

namespace statwire::server {

/// What a series was in StatsD. Where several kinds want one name, it goes to the first in this order.
enum class PrometheusKind : std::uint8_t {
  timer,
  counter,
  fallen_counter,  ///< Has gone down, which no counter of Prometheus does.
  gauge,
  set,
};

/// One thread. Made for one page.
class PrometheusLayout {
 public:
  struct Member {
    std::uint32_t index;  ///< As it was given to add().
    std::string_view labels;
  };

  struct Family {
    PrometheusKind kind;
    std::string_view name;            ///< Of the family, `_total` of a counter included.
    std::span<const Member> members;  ///< Sorted by labels, then by index.
  };

  /// Keeps the names of families from others.
  void reserve(std::string_view name) {
    if (taken_.find(name) == nullptr) taken_.add(name);
  }

  void add(PrometheusKind kind, std::string_view series, std::uint32_t index) {
    Entry& entry = entries_.emplace_back(Entry{text_.size(), 0, 0, index, kind, kind});
    if (entry.family == PrometheusKind::fallen_counter) entry.family = PrometheusKind::counter;
    labels_.clear();
    names_.map(series, text_, labels_);
    if (entry.family == PrometheusKind::counter && !has_total(name_text(entry))) text_ += total;
    entry.name_size = static_cast<std::uint32_t>(text_.size() - entry.begin);
    text_ += labels_;
    entry.labels_size = static_cast<std::uint32_t>(labels_.size());
  }

  /// Calls `on_family(const Family&)` for each family, sorted by the name that it would have had alone. When
  /// a name is taken, it gets another end: `_timer`, `_counts_total` of a counter, `_net` of one that has
  /// gone down, `_value` of a gauge, `_members` of a set, and a number if need be. (promtool blames the plain
  /// words for the types.) Cost: a sort of the names.
  template <class OnFamily>
  void visit(OnFamily&& on_family) {
    std::sort(entries_.begin(), entries_.end(), [this](const Entry& left, const Entry& right) {
      if (const int order = name_of(left).compare(name_of(right)); order != 0) return order < 0;
      if (left.family != right.family) return left.family < right.family;
      if (const int order = labels_of(left).compare(labels_of(right)); order != 0) return order < 0;
      return left.index < right.index;
    });
    find_families();
    give_names();
    for (const Group& group : groups_) {
      members_.clear();
      for (std::size_t i = group.begin; i < group.end; ++i) {
        members_.push_back({entries_[i].index, labels_of(entries_[i])});
      }
      on_family(Family{group.kind, group.new_name.empty() ? wanted(group) : std::string_view{group.new_name},
                       members_});
    }
  }

 private:
  static constexpr std::string_view total = "_total";

  struct Entry {
    std::size_t begin;  ///< Of the name in text_; the labels follow.
    std::uint32_t name_size;
    std::uint32_t labels_size;
    std::uint32_t index;
    PrometheusKind kind;
    PrometheusKind family;  ///< Fallen counters are sorted among the others.
  };

  struct Group {
    std::size_t begin, end;  ///< In entries_.
    PrometheusKind kind;
    std::string new_name;  ///< Empty: it has the name that it wants.
  };

  /// And something before it.
  static bool has_total(std::string_view name) { return name.size() > total.size() && name.ends_with(total); }

  std::string_view name_text(const Entry& entry) const { return std::string_view{text_}.substr(entry.begin); }
  std::string_view name_of(const Entry& entry) const { return {text_.data() + entry.begin, entry.name_size}; }
  std::string_view labels_of(const Entry& entry) const {
    return {text_.data() + entry.begin + entry.name_size, entry.labels_size};
  }

  std::string_view wanted(const Group& group) const {
    std::string_view name = name_of(entries_[group.begin]);
    if (group.kind == PrometheusKind::fallen_counter) name.remove_suffix(total.size());
    return name;
  }

  void find_families() {
    for (std::size_t begin = 0; begin < entries_.size();) {
      std::size_t end = begin + 1;
      while (end < entries_.size() && entries_[end].family == entries_[begin].family &&
             name_of(entries_[end]) == name_of(entries_[begin])) {
        ++end;
      }
      if (entries_[begin].family == PrometheusKind::counter) {
        part_fallen(begin, end);
      } else {
        groups_.push_back({begin, end, entries_[begin].kind, {}});
      }
      begin = end;
    }
  }

  /// Makes two families of the counters of one name: those that have gone down, and those of the same labels,
  /// as their common sum would fall, too, come after the others.
  void part_fallen(std::size_t begin, std::size_t end) {
    const auto is_fallen = [](const Entry& entry) { return entry.kind == PrometheusKind::fallen_counter; };
    const auto at = [this](std::size_t i) { return entries_.begin() + static_cast<std::ptrdiff_t>(i); };
    if (std::none_of(at(begin), at(end), is_fallen)) {
      groups_.push_back({begin, end, PrometheusKind::counter, {}});
      return;
    }
    for (std::size_t first = begin; first < end;) {
      std::size_t last = first + 1;
      while (last < end && labels_of(entries_[last]) == labels_of(entries_[first])) ++last;
      if (std::any_of(at(first), at(last), is_fallen)) {
        for (std::size_t i = first; i < last; ++i) entries_[i].kind = PrometheusKind::fallen_counter;
      }
      first = last;
    }
    const auto fallen =
        std::stable_partition(at(begin), at(end), [&](const Entry& entry) { return !is_fallen(entry); });
    const auto middle = static_cast<std::size_t>(fallen - entries_.begin());
    if (middle != begin) groups_.push_back({begin, middle, PrometheusKind::counter, {}});
    groups_.push_back({middle, end, PrometheusKind::fallen_counter, {}});
  }

  void give_names() {
    for (const PrometheusKind kind :
         {PrometheusKind::timer, PrometheusKind::counter, PrometheusKind::fallen_counter,
          PrometheusKind::gauge, PrometheusKind::set}) {
      for (Group& group : groups_) {
        if (group.kind == kind && !take(kind, wanted(group))) rename(group);
      }
    }
  }

  /// Takes a name with all that its samples are called, if none of that is taken.
  bool take(PrometheusKind kind, std::string_view name) {
    if (taken_.find(name) != nullptr) return false;
    if (kind == PrometheusKind::timer) {
      const std::string sum = std::string{name} + "_sum";
      const std::string count = std::string{name} + "_count";
      if (taken_.find(sum) != nullptr || taken_.find(count) != nullptr) return false;
      taken_.add(sum);
      taken_.add(count);
    }
    taken_.add(name);
    return true;
  }

  void rename(Group& group) {
    static constexpr std::string_view suffixes[] = {"_timer", "_counts", "_net", "_value", "_members"};
    std::string_view base = wanted(group);
    const bool is_counter = group.kind == PrometheusKind::counter;
    if (is_counter) base.remove_suffix(total.size());
    const std::string_view suffix = suffixes[static_cast<std::size_t>(group.kind)];
    for (std::size_t number = 1;; ++number) {
      group.new_name.assign(base).append(suffix);
      if (number > 1) group.new_name.append("_").append(std::to_string(number));
      if (is_counter) group.new_name.append(total);
      if (take(group.kind, group.new_name)) return;
    }
  }

  struct Nothing {};

  PrometheusNames names_;
  std::string text_;  ///< Names and labels, one after the other.
  std::string labels_;
  std::vector<Entry> entries_;
  std::vector<Group> groups_;
  std::vector<Member> members_;
  NamedTable<Nothing> taken_;
};

}  // namespace statwire::server
