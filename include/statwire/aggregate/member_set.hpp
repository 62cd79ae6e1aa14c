#pragma once

// The distinct members that a set has seen: of a series since the last flush, of a window since it began.
// Keeps its memory when it is cleared, so a set that has warmed up allocates nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "statwire/detail/hash.hpp"

namespace statwire::aggregate {

/// For members that the program itself makes.
struct PlainHash {
  std::uint64_t operator()(std::string_view text) const noexcept { return detail::hash_text(0, text); }
};

/// Not for several threads at once. Costs 24 bytes a member, its text, and 8 to 16 of the table.
template <class Hash>
class BasicMemberSet {
 public:
  enum class Insertion { added, known, full };

  /// Adds a member, unless it is there or there are `max_members` already.
  Insertion insert(std::string_view member, std::size_t max_members) {
    if (2 * (members_.size() + 1) > places_.size()) grow();
    const std::uint64_t hash = hash_(member);
    std::size_t place = static_cast<std::size_t>(hash) & (places_.size() - 1);
    for (; places_[place] != 0; place = (place + 1) & (places_.size() - 1)) {
      const Member& other = members_[places_[place] - 1];
      if (other.hash == hash && text_of(other) == member) return Insertion::known;
    }
    if (members_.size() >= max_members) return Insertion::full;
    // In this order nothing is half done when there is no memory.
    const std::size_t begin = bytes_.size();
    bytes_.insert(bytes_.end(), member.begin(), member.end());
    members_.push_back({hash, begin, member.size()});
    places_[place] = static_cast<std::uint32_t>(members_.size());
    return Insertion::added;
  }

  std::size_t size() const noexcept { return members_.size(); }
  std::size_t text_bytes() const noexcept { return bytes_.size(); }  ///< Of all members.
  std::string_view operator[](std::size_t index) const noexcept { return text_of(members_[index]); }

  void clear() noexcept {
    members_.clear();
    bytes_.clear();
    places_.assign(places_.size(), 0);
  }

  /// Gets room for what `other` has room for. Only when empty.
  void reserve_as(const BasicMemberSet& other) {
    members_.reserve(other.members_.capacity());
    bytes_.reserve(other.bytes_.capacity());
    if (places_.size() < other.places_.size()) places_.assign(other.places_.size(), 0);
  }

 private:
  struct Member {
    std::uint64_t hash;
    std::size_t begin;
    std::size_t size;
  };

  static constexpr std::size_t first_places = 16;

  std::string_view text_of(const Member& member) const noexcept {
    return {bytes_.data() + member.begin, member.size};
  }

  void grow() {
    places_.assign(std::max(first_places, 2 * places_.size()), 0);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      std::size_t place = static_cast<std::size_t>(members_[i].hash) & (places_.size() - 1);
      while (places_[place] != 0) place = (place + 1) & (places_.size() - 1);
      places_[place] = static_cast<std::uint32_t>(i + 1);
    }
  }

  std::vector<Member> members_;
  std::vector<char> bytes_;
  std::vector<std::uint32_t> places_;  ///< Open addressing: 1 + index of a member, or 0; a power of two.
  [[no_unique_address]] Hash hash_;
};

using MemberSet = BasicMemberSet<PlainHash>;

}  // namespace statwire::aggregate
