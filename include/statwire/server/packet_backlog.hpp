#pragma once

// Packets that came while a StatsD server could not sum them, copied one after the other. No I/O, no threads.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace statwire::server {

/// A bounded sequence of packets. One thread at a time.
class PacketBacklog {
 public:
  explicit PacketBacklog(std::size_t max_bytes) : max_bytes_{max_bytes} {}

  /// Keeps a packet; false when it finds no room. Each costs its bytes and where it ends.
  bool add(std::string_view packet) {
    if (packet.size() + sizeof(std::size_t) > max_bytes_ - size_bytes()) return false;
    ends_.push_back(bytes_.size() + packet.size());
    bytes_.append(packet);
    return true;
  }

  bool empty() const noexcept { return ends_.empty(); }

  /// Calls `on_packet(std::string_view)` for each, in the order in which they came.
  template <class OnPacket>
  void for_each(OnPacket&& on_packet) const {
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      on_packet(std::string_view{bytes_}.substr(begin, end - begin));
      begin = end;
    }
  }

  /// Forgets all, and gives back memory that only an unusual flush needs.
  void clear() noexcept {
    constexpr std::size_t usual_bytes = 1 << 20;
    if (bytes_.capacity() > usual_bytes) bytes_ = {};
    if (ends_.capacity() > usual_bytes / sizeof(std::size_t)) ends_ = {};
    bytes_.clear();
    ends_.clear();
  }

 private:
  /// What is held, of which max_bytes is the bound.
  std::size_t size_bytes() const noexcept { return bytes_.size() + ends_.size() * sizeof(std::size_t); }

  std::size_t max_bytes_;
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace statwire::server
