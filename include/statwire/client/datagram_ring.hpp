#pragma once

// Packs lines into datagrams and keeps the full ones until they are sent, in memory that is allocated once.
// The last datagram is open: lines are added to it until the next would not fit. No I/O, no threads: the
// outbox brings both.

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "statwire/transport/concepts.hpp"

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
        sizes_(capacity),
        samples_(capacity) {
    assert(capacity >= 2);
  }

  /// Adds lines that stay together and stand for `samples` samples. They are not longer than
  /// max_packet_bytes. Returns false, and changes nothing, when all datagrams are full.
  bool append(std::string_view lines, std::uint64_t samples = 1) noexcept {
    assert(!lines.empty() && lines.size() <= max_packet_bytes_);
    if (!fits(lines)) {
      if (sealed_ + 1 == sizes_.size()) return false;
      seal();
    }
    std::uint32_t& size = sizes_[open_index()];
    char* end = data(open_index()) + size;
    if (size != 0) {
      *end++ = '\n';
      ++size;
    }
    std::memcpy(end, lines.data(), lines.size());
    size += static_cast<std::uint32_t>(lines.size());
    samples_[open_index()] += samples;
    return true;
  }

  /// Closes the open datagram, if it holds anything and there is another to open. What is left of its slot is
  /// filled up with line feeds, so that the kernel may cut many slots into datagrams.
  void seal() noexcept {
    const std::uint32_t size = sizes_[open_index()];
    if (size == 0 || sealed_ + 1 == sizes_.size()) return;
    std::memset(data(open_index()) + size, '\n', max_packet_bytes_ - size);
    ++sealed_;
    sizes_[open_index()] = 0;
    samples_[open_index()] = 0;
  }

  /// Datagrams that are closed, and all that hold anything.
  std::size_t sealed() const noexcept { return sealed_; }
  std::size_t size() const noexcept { return sealed_ + (sizes_[open_index()] != 0 ? 1 : 0); }

  /// The oldest sealed datagram; there is one.
  Datagram front() const noexcept {
    assert(sealed_ != 0);
    return {{data(head_), sizes_[head_]}, samples_[head_]};
  }

  /// The oldest sealed datagrams that lie one after the other in memory: at least one, at most `most`. There
  /// is one.
  DatagramBatch front_batch(std::size_t most) const noexcept {
    assert(sealed_ != 0 && most != 0);
    const std::size_t count = std::min({most, sealed_, sizes_.size() - head_});
    return {.bytes = data(head_), .slot_bytes = max_packet_bytes_, .sizes = {sizes_.data() + head_, count}};
  }

  void pop_front() noexcept {
    assert(sealed_ != 0);
    head_ = (head_ + 1) % sizes_.size();
    --sealed_;
  }

  /// Samples that are waiting, in sealed datagrams and the open one.
  std::uint64_t pending_samples() const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= sealed_; ++i) sum += samples_[(head_ + i) % sizes_.size()];
    return sum;
  }

 private:
  bool fits(std::string_view lines) const noexcept {
    const std::size_t size = sizes_[open_index()];
    return size == 0 || size + 1 + lines.size() <= max_packet_bytes_;
  }

  std::size_t open_index() const noexcept { return (head_ + sealed_) % sizes_.size(); }
  char* data(std::size_t index) noexcept { return bytes_.get() + index * max_packet_bytes_; }
  const char* data(std::size_t index) const noexcept { return bytes_.get() + index * max_packet_bytes_; }

  std::size_t max_packet_bytes_;
  std::unique_ptr<char[]> bytes_;
  std::vector<std::uint32_t> sizes_;  ///< Bytes of each datagram, without what fills it up.
  std::vector<std::uint64_t> samples_;
  std::size_t head_ = 0;
  std::size_t sealed_ = 0;
};

}  // namespace statwire::client
