#pragma once

// Packs lines into datagrams and keeps the full ones until they are sent, in memory that is allocated once.
// The last datagram is open: lines are added to it until the next would not fit. No I/O, no threads: the
// outbox brings both.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace statwire::client {

/// A datagram that is ready to be sent.
struct Datagram {
  std::string_view bytes;     ///< Lines joined by line feeds; valid until pop_front().
  std::uint64_t samples = 0;  ///< How many samples the lines stand for.
};

/// A bounded queue of datagrams. Not for several threads at once, with one exception: the bytes of front()
/// stay untouched by append() and seal(), so they may be read meanwhile.
class DatagramRing {
 public:
  /// Room for `capacity` datagrams (at least 2) of `max_packet_bytes` each.
  DatagramRing(std::size_t capacity, std::size_t max_packet_bytes)
      : max_packet_bytes_{max_packet_bytes},
        // Not initialised: pages that are never filled are never touched.
        bytes_{std::make_unique_for_overwrite<char[]>(capacity * max_packet_bytes)},
        slots_(capacity) {
    assert(capacity >= 2);
  }

  /// Adds lines that stay together and stand for `samples` samples. They are not longer than
  /// max_packet_bytes. Returns false, and changes nothing, when all datagrams are full.
  bool append(std::string_view lines, std::uint64_t samples = 1) noexcept {
    assert(!lines.empty() && lines.size() <= max_packet_bytes_);
    if (!fits(lines)) {
      if (sealed_ + 1 == slots_.size()) return false;
      seal();
    }
    Slot& slot = slots_[open_index()];
    char* end = data(open_index()) + slot.size;
    if (slot.size != 0) {
      *end++ = '\n';
      ++slot.size;
    }
    std::memcpy(end, lines.data(), lines.size());
    slot.size += lines.size();
    slot.samples += samples;
    return true;
  }

  /// Closes the open datagram, if it holds anything and there is another to open.
  void seal() noexcept {
    if (slots_[open_index()].size == 0 || sealed_ + 1 == slots_.size()) return;
    ++sealed_;
    slots_[open_index()] = {};
  }

  /// Datagrams that are closed, and all that hold anything.
  std::size_t sealed() const noexcept { return sealed_; }
  std::size_t size() const noexcept { return sealed_ + (slots_[open_index()].size != 0 ? 1 : 0); }

  /// The oldest sealed datagram; there is one.
  Datagram front() const noexcept {
    assert(sealed_ != 0);
    return {{data(head_), slots_[head_].size}, slots_[head_].samples};
  }

  void pop_front() noexcept {
    assert(sealed_ != 0);
    head_ = (head_ + 1) % slots_.size();
    --sealed_;
  }

  /// Samples that are waiting, in sealed datagrams and the open one.
  std::uint64_t pending_samples() const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= sealed_; ++i) sum += slots_[(head_ + i) % slots_.size()].samples;
    return sum;
  }

 private:
  struct Slot {
    std::size_t size = 0;
    std::uint64_t samples = 0;
  };

  bool fits(std::string_view lines) const noexcept {
    const std::size_t size = slots_[open_index()].size;
    return size == 0 || size + 1 + lines.size() <= max_packet_bytes_;
  }

  std::size_t open_index() const noexcept { return (head_ + sealed_) % slots_.size(); }
  char* data(std::size_t index) noexcept { return bytes_.get() + index * max_packet_bytes_; }
  const char* data(std::size_t index) const noexcept { return bytes_.get() + index * max_packet_bytes_; }

  std::size_t max_packet_bytes_;
  std::unique_ptr<char[]> bytes_;
  std::vector<Slot> slots_;
  std::size_t head_ = 0;
  std::size_t sealed_ = 0;
};

}  // namespace statwire::client
