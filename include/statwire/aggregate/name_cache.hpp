#pragma once

// One thread's way from a name and its tags to the number of a series, without a lock, and without an
// allocation once a name was seen. What names a series is written down as a row of 64-bit words, which is
// hashed and compared word by word: names are short, and this is quicker than text by text.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "statwire/aggregate/series.hpp"
#include "statwire/detail/hash.hpp"

namespace statwire::aggregate {

/// One thread at a time.
class NameCache {
 public:
  static constexpr std::uint32_t unknown = ~std::uint32_t{0};
  /// Stands for a name that got no series, so that it is not asked for again.
  static constexpr std::uint32_t refused = unknown - 1;
  /// Stands for a name that is too long for any line.
  static constexpr std::uint32_t too_long = unknown - 2;

  explicit NameCache(std::size_t max_names) : max_names_{max_names} {}

  /// The number of the series, `unknown`, or one of the other two. Names that were remembered in another
  /// generation are forgotten.
  std::uint32_t find(const SeriesName& name, std::uint32_t generation = 0) noexcept {
    if (generation != generation_) [[unlikely]] {
      clear();
      generation_ = generation;
    }
    if (!write_key(name)) [[unlikely]]
      return too_long;
    if (places_.empty()) [[unlikely]]
      return unknown;
    const std::size_t mask = places_.size() - 1;
    for (std::size_t place = hash_of(key_.data(), key_size_) & mask;; place = (place + 1) & mask) {
      const Entry& entry = places_[place];
      if (entry.series == unknown) return unknown;
      if (is_key_of(entry)) [[likely]]
        return entry.series;
    }
  }

  /// Remembers the name that find() has just not found. When there are too many, all are forgotten.
  void insert(std::uint32_t series) {
    if (size_ >= max_names_) clear();
    if (2 * (size_ + 1) > places_.size()) grow();
    const Entry entry{words_.size(), static_cast<std::uint32_t>(key_size_), series};
    words_.insert(words_.end(), key_.data(), key_.data() + key_size_);
    place(entry);
    ++size_;
  }

 private:
  struct Entry {
    std::size_t begin = 0;  ///< Of the key in words_.
    std::uint32_t size = 0;
    std::uint32_t series = unknown;
  };

  static constexpr std::size_t max_text_bytes = 8192;  ///< As no line is longer.

  /// Different for names that differ in anything: first the numbers and the sizes of all texts, then these.
  bool write_key(const SeriesName& name) noexcept {
    key_[0] = std::uint64_t{name.context} << 32 | name.one_in;
    key_[1] =
        std::uint64_t{name.name.size()} << 32 | name.tags.size() << 8 | static_cast<std::uint64_t>(name.type);
    key_size_ = 2;
    if (!write_text(name.name)) return false;
    for (const Tag& tag : name.tags) {
      key_[key_size_++] = std::uint64_t{tag.key.size()} << 32 | tag.value.size();
      if (!write_text(tag.key) || !write_text(tag.value)) return false;
    }
    return true;
  }

  bool write_text(std::string_view text) noexcept {
    const std::size_t left = key_.size() - key_size_;
    if (text.size() >= max_text_bytes || left < text.size() / 8 + 2) [[unlikely]]
      return false;
    if (text.size() < 8) {
      key_[key_size_++] = detail::short_word(text.data(), text.size());
      return true;
    }
    for (std::size_t at = 0; at + 8 < text.size(); at += 8) {
      key_[key_size_++] = detail::word_at(text.data() + at);
    }
    key_[key_size_++] = detail::word_at(text.data() + text.size() - 8);
    return true;
  }

  bool is_key_of(const Entry& entry) const noexcept {
    if (entry.size != key_size_) return false;
    const std::uint64_t* const words = words_.data() + entry.begin;
    for (std::size_t i = 0; i < key_size_; ++i) {
      if (words[i] != key_[i]) return false;
    }
    return true;
  }

  void clear() noexcept {
    std::fill(places_.begin(), places_.end(), Entry{});
    words_.clear();
    size_ = 0;
  }

  static std::size_t hash_of(const std::uint64_t* words, std::size_t size) noexcept {
    return static_cast<std::size_t>(detail::hash_words(words, size));
  }

  void place(const Entry& entry) noexcept {
    const std::size_t mask = places_.size() - 1;
    std::size_t place = hash_of(words_.data() + entry.begin, entry.size) & mask;
    while (places_[place].series != unknown) place = (place + 1) & mask;
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
  std::uint32_t generation_ = 0;
  std::vector<Entry> places_;  ///< Open addressing, a power of two.
  std::vector<std::uint64_t> words_;
  std::size_t key_size_ = 0;
  std::array<std::uint64_t, 2 * max_text_bytes / 8> key_;  ///< Of the last find().
};

}  // namespace statwire::aggregate
