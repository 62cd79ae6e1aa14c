#pragma once

// One thread's way from a name and its tags to the number of a series: a hash of the bytes, a comparison, no
// lock and no allocation once a name was seen.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "statwire/aggregate/series.hpp"

namespace statwire::aggregate {

/// One thread at a time.
class NameCache {
 public:
  static constexpr std::uint32_t unknown = ~std::uint32_t{0};
  /// Stands for a name that got no series, so that it is not asked for again.
  static constexpr std::uint32_t refused = unknown - 1;

  explicit NameCache(std::size_t max_names) : max_names_{max_names} {}

  /// The number of the series, or `unknown`. `hash` is name.hash().
  std::uint32_t find(const SeriesName& name, std::uint64_t hash) const noexcept {
    if (places_.empty()) return unknown;
    for (std::size_t place = hash & (places_.size() - 1);; place = (place + 1) & (places_.size() - 1)) {
      const Entry& entry = places_[place];
      if (entry.series == unknown) return unknown;
      if (entry.hash == hash && is_same(entry, name)) return entry.series;
    }
  }

  /// Remembers a name that is not there. When there are too many, all are forgotten.
  void insert(const SeriesName& name, std::uint64_t hash, std::uint32_t series) {
    if (size_ >= max_names_) {
      places_.assign(places_.size(), Entry{});
      bytes_.clear();
      size_ = 0;
    }
    if (2 * (size_ + 1) > places_.size()) grow();
    const Entry entry{hash,
                      bytes_.size(),
                      name.context,
                      name.one_in,
                      series,
                      name.type,
                      static_cast<std::uint8_t>(name.tags.size())};
    append(name.name);
    for (const Tag& tag : name.tags) {
      append(tag.key);
      append(tag.value);
    }
    place(entry);
    ++size_;
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::size_t begin = 0;  ///< Of the texts in bytes_, each after its length.
    std::uint32_t context = 0;
    std::uint32_t one_in = 0;
    std::uint32_t series = unknown;
    SeriesType type = SeriesType::counter;
    std::uint8_t tags = 0;
  };

  bool is_same(const Entry& entry, const SeriesName& name) const noexcept {
    if (entry.context != name.context || entry.one_in != name.one_in || entry.type != name.type ||
        entry.tags != name.tags.size()) {
      return false;
    }
    const char* next = bytes_.data() + entry.begin;
    if (!is_next(next, name.name)) return false;
    for (const Tag& tag : name.tags) {
      if (!is_next(next, tag.key) || !is_next(next, tag.value)) return false;
    }
    return true;
  }

  static bool is_next(const char*& next, std::string_view text) noexcept {
    std::size_t size = 0;
    std::memcpy(&size, next, sizeof(size));
    next += sizeof(size);
    if (size != text.size()) return false;
    if (!detail::is_equal(next, text.data(), size)) return false;
    next += size;
    return true;
  }

  void append(std::string_view text) {
    const std::size_t size = text.size();
    const char* bytes = reinterpret_cast<const char*>(&size);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof(size));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }

  void place(const Entry& entry) noexcept {
    std::size_t place = entry.hash & (places_.size() - 1);
    while (places_[place].series != unknown) place = (place + 1) & (places_.size() - 1);
    places_[place] = entry;
  }

  void grow() {
    std::vector<Entry> old(places_.empty() ? 64 : 2 * places_.size());
    old.swap(places_);
    for (const Entry& entry : old) {
      if (entry.series != unknown) place(entry);
    }
  }

  std::size_t max_names_;
  std::size_t size_ = 0;
  std::vector<Entry> places_;  ///< Open addressing, a power of two.
  std::vector<char> bytes_;
};

}  // namespace statwire::aggregate
