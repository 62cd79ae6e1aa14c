#pragma once

// Packets that came while a StatsD server could not sum them, copied one after the other. No I/O, no threads.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/detail/memory.hpp"

namespace statwire::server {

/// A bounded queue of packets. One thread at a time.
class PacketBacklog {
 public:
  /// Each packet counts with its bytes and those that say where it ends, until the queue is empty.
  explicit PacketBacklog(std::size_t max_bytes) : max_bytes_{max_bytes} {}

  /// Keeps a packet; false when it finds no room, or no memory.
  bool add(std::string_view packet) noexcept {
    const std::size_t begin = bytes_.size();
    const std::size_t held = begin + ends_.size() * sizeof(std::size_t);
    if (packet.size() + sizeof(std::size_t) > max_bytes_ - held) return false;
    const bool is_kept = statwire::detail::with_memory([&] {
      bytes_.append(packet);
      ends_.push_back(bytes_.size());
    });
    if (!is_kept) bytes_.resize(begin);
    return is_kept;
  }

  bool empty() const noexcept { return first_ == ends_.size(); }

  /// Fills `packets` with the oldest, as many as there are; returns how many. Valid until add() or pop().
  std::size_t front(std::span<std::string_view> packets) const noexcept {
    const std::size_t count = std::min(packets.size(), ends_.size() - first_);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t begin = first_ + i == 0 ? 0 : ends_[first_ + i - 1];
      packets[i] = std::string_view{bytes_}.substr(begin, ends_[first_ + i] - begin);
    }
    return count;
  }

  /// Forgets the oldest packets. An empty queue gives back what memory only an unusual flush needs.
  void pop(std::size_t count) noexcept {
    first_ += count;
    if (!empty()) return;
    constexpr std::size_t usual_bytes = 1 << 20;
    if (bytes_.capacity() > usual_bytes) bytes_ = std::string{};
    if (ends_.capacity() > usual_bytes / sizeof(std::size_t)) ends_ = std::vector<std::size_t>{};
    bytes_.clear();
    ends_.clear();
    first_ = 0;
  }

 private:
  std::size_t max_bytes_;
  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::size_t first_ = 0;  ///< The oldest packet that is still there.
};

}  // namespace statwire::server
