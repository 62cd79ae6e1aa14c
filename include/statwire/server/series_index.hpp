#pragma once

// The keys of a store, numbered in the order in which they came: what the stores of metrics_server.hpp have
// in common. No I/O, no threads.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/metrics_request.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server {

/// Moved, not copied. One thread at a time. Memory: some 60 bytes a key, and the name when it is longer
/// than 15.
class SeriesIndex {
 public:
  SeriesIndex() = default;
  SeriesIndex(SeriesIndex&&) = default;
  SeriesIndex& operator=(SeriesIndex&&) = default;
  SeriesIndex(const SeriesIndex&) = delete;
  SeriesIndex& operator=(const SeriesIndex&) = delete;

  std::size_t size() const noexcept { return keys_.size(); }

  /// The key of a number below size().
  const std::string& key(std::size_t number) const { return keys_[number]; }

  std::optional<std::size_t> number_of(std::string_view key) const {
    if (slots_.empty()) return std::nullopt;
    const std::uint32_t hash = hash_of(key);
    for (std::size_t place = hash & mask();; place = (place + 1) & mask()) {
      const Slot& slot = slots_[place];
      if (slot.number == unused) return std::nullopt;
      if (slot.hash == hash && keys_[slot.number] == key) return slot.number;
    }
  }

  /// Gives a key that is not there the next number.
  std::size_t add(std::string_view key) {
    if (2 * (keys_.size() + 1) > slots_.size()) grow();
    const std::size_t number = keys_.size();
    keys_.emplace_back(key);
    insert({.hash = hash_of(key), .number = static_cast<std::uint32_t>(number)});
    return number;
  }

  /// Forgets the keys that came last, so that `size` are left. Cost: that of making the index anew.
  void truncate(std::size_t size) {
    if (size == keys_.size()) return;
    keys_.resize(size);
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size()));
    for (const Slot& slot : old) {
      if (slot.number < size) insert(slot);
    }
  }

  /// A reading of one series, or of all for "*"; of nothing when the key is unknown.
  Cursor cursor(std::string_view key) const {
    if (key == protocol::all_keys) return {.series = 0, .end = size()};
    const std::optional<std::size_t> number = number_of(key);
    return number ? Cursor{.series = *number, .end = *number + 1} : Cursor{};
  }

 private:
  static constexpr std::uint32_t unused = 0xffffffff;

  /// A place of the table: a key is in the first free place from that which its hash says. Half of the places
  /// are free, and a hash is compared before a key is, so most lookups touch one slot and one key.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = unused;
  };

  static std::uint32_t hash_of(std::string_view key) noexcept {
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(key));
  }

  std::size_t mask() const noexcept { return slots_.size() - 1; }

  void insert(const Slot& slot) {
    std::size_t place = slot.hash & mask();
    while (slots_[place].number != unused) place = (place + 1) & mask();
    slots_[place] = slot;
  }

  void grow() {
    constexpr std::size_t first_slots = 16;
    const std::size_t slots = std::max(first_slots, 2 * slots_.size());
    for (const Slot& slot : std::exchange(slots_, std::vector<Slot>(slots))) {
      if (slot.number != unused) insert(slot);
    }
  }

  std::deque<std::string> keys_;  // a deque, for it grows without moving a million of them
  std::vector<Slot> slots_;       // as many as a power of two
};

}  // namespace statwire::server
