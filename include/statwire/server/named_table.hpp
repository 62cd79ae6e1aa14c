#pragma once

// A table from names to values that keeps the order in which the names came, as the flush of a StatsD server
// shows them. A look-up allocates nothing, and neither does a name that comes back after it was erased, once
// the table has had its size: names lie one after the other in one block, entries in another.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/detail/name_hash.hpp"

namespace statwire::server {

/// Not for several threads at once. Names are any bytes, fewer than 4 GiB each; there are fewer than 2^32.
/// Memory: 16 bytes, the value and the name for each, and 8 to 16 bytes of index; up to twice that while it
/// grows.
template <class Value>
class NamedTable {
 public:
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }

  /// Bytes of all names together.
  std::size_t name_bytes() const noexcept { return names_.size(); }

  /// The entry in this place of the order.
  std::string_view name(std::size_t index) const noexcept { return name_of(entries_[index]); }
  Value& value(std::size_t index) noexcept { return entries_[index].value; }
  const Value& value(std::size_t index) const noexcept { return entries_[index].value; }

  /// The value of a name, or null.
  Value* find(std::string_view name) noexcept {
    const std::size_t place = place_of(name, hash_(name));
    return place == no_place || places_[place].entry == 0 ? nullptr
                                                          : &entries_[places_[place].entry - 1].value;
  }
  const Value* find(std::string_view name) const noexcept {
    return const_cast<NamedTable*>(this)->find(name);
  }

  /// Adds a name that is not there yet.
  Value& add(std::string_view name) {
    if (3 * (entries_.size() + 1) > 2 * places_.size()) grow();
    const std::uint32_t hash = hash_(name);
    const std::size_t place = place_of(name, hash);
    // In this order nothing is half done when there is no memory.
    const std::size_t begin = names_.size();
    entries_.reserve(entries_.size() == entries_.capacity() ? 2 * entries_.size() + 16 : 0);
    names_.insert(names_.end(), name.begin(), name.end());
    entries_.push_back({begin, static_cast<std::uint32_t>(name.size()), hash, Value{}});
    places_[place] = {hash, static_cast<std::uint32_t>(entries_.size())};
    return entries_.back().value;
  }

  /// Erases all, and keeps the memory.
  void clear() noexcept {
    entries_.clear();
    names_.clear();
    std::fill(places_.begin(), places_.end(), Place{});
  }

  /// Erases the entries of which `is_over(name, value)` is true; the order of the others stays.
  template <class IsOver>
  void erase_if(IsOver&& is_over) {
    std::size_t kept = 0;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      if (is_over(name_of(entry), entry.value)) continue;
      std::copy_n(names_.begin() + static_cast<std::ptrdiff_t>(entry.begin), entry.size,
                  names_.begin() + static_cast<std::ptrdiff_t>(bytes));
      entry.begin = bytes;
      bytes += entry.size;
      if (kept != i) entries_[kept] = std::move(entry);
      ++kept;
    }
    if (kept == entries_.size()) return;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(kept), entries_.end());
    names_.resize(bytes);
    index(places_.size());
  }

 private:
  struct Entry {
    std::uint64_t begin;  ///< Of the name in names_.
    std::uint32_t size;
    std::uint32_t hash;
    Value value;
  };

  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t entry = 0;  ///< 1 + index of an entry, or 0.
  };

  static constexpr std::size_t no_place = ~std::size_t{0};

  std::string_view name_of(const Entry& entry) const noexcept {
    return {names_.data() + entry.begin, entry.size};
  }

  /// Where a name is, or would be put.
  std::size_t place_of(std::string_view name, std::uint32_t hash) const noexcept {
    if (places_.empty()) return no_place;
    const std::size_t mask = places_.size() - 1;
    for (std::size_t place = hash & mask;; place = (place + 1) & mask) {
      const Place& found = places_[place];
      if (found.entry == 0) return place;
      if (found.hash == hash && name_of(entries_[found.entry - 1]) == name) return place;
    }
  }

  void grow() { index(std::max<std::size_t>(16, 2 * places_.size())); }

  void index(std::size_t places) {
    places_.assign(places, Place{});
    const std::size_t mask = places_.size() - 1;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t place = entries_[i].hash & mask;
      while (places_[place].entry != 0) place = (place + 1) & mask;
      places_[place] = {entries_[i].hash, static_cast<std::uint32_t>(i + 1)};
    }
  }

  statwire::detail::NameHash hash_;
  std::vector<Entry> entries_;
  std::vector<char> names_;
  std::vector<Place> places_;  ///< Open addressing, a power of two.
};

}  // namespace statwire::server
