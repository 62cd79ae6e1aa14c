#pragma once

// The points that wait for Graphite, as the bytes that will be sent, in batches: one is filled, the oldest is
// sent. When there is no more room, the oldest batch that is not being sent gives way, for whoever looks at
// the series later misses the newest points most. No I/O, no threads, no clock: GraphiteClient guards it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <new>
#include <string>
#include <string_view>

#include "statwire/protocol/graphite_address.hpp"
#include "statwire/protocol/graphite_line.hpp"
#include "statwire/protocol/graphite_pickle.hpp"
#include "statwire/protocol/number.hpp"

namespace statwire::client {

/// One thread at a time, but the batch of begin() may be read while points are appended. At every moment
/// accepted() = delivered() + pending() + dropped().
class GraphiteSpool {
 public:
  /// Points for one connection.
  struct Batch {
    std::string bytes{};
    std::uint64_t points = 0;
  };

  /// Of the longest path: what a put takes. The lines of carbon end at 16384 bytes, and a longer one ends the
  /// connection.
  static constexpr std::size_t max_path_bytes = 8192;

  /// A batch may be so small, and the spool four times as large: then every point fits.
  static constexpr std::size_t least_batch_bytes = 16'384;

  /// A batch has `max_batch_bytes` at most, and never more than a quarter of the spool. Sets aside the memory
  /// of two: one to send, one to fill.
  GraphiteSpool(GraphiteFormat format, std::size_t max_spool_bytes, std::size_t max_batch_bytes)
      : format_{format},
        max_bytes_{std::max(max_spool_bytes, 4 * least_batch_bytes)},
        max_batch_bytes_{std::clamp(max_batch_bytes, least_batch_bytes, max_bytes_ / 4)} {
    while (spares_.size() < max_spares) add_spare();
  }

  GraphiteSpool(const GraphiteSpool&) = delete;
  GraphiteSpool& operator=(const GraphiteSpool&) = delete;

  /// Takes a point that can be sent (is_sendable). Allocates only when more than two batches wait; a point
  /// for which there is no memory is dropped.
  void append(std::string_view path, double value, std::int64_t timestamp) noexcept {
    ++accepted_;
    Batch* const batch = room_for(max_point_bytes(path));
    if (batch == nullptr) {
      ++dropped_;
      return;
    }
    const std::size_t before = batch->bytes.size();
    if (format_ == GraphiteFormat::pickle) {
      pickle_.append(batch->bytes, path, value, timestamp);
    } else {
      protocol::append_graphite(batch->bytes, path, value, timestamp);
    }
    bytes_ += batch->bytes.size() - before;
    ++batch->points;
  }

  static bool is_sendable(std::string_view path, double value, std::int64_t timestamp) noexcept {
    return !path.empty() && path.size() <= max_path_bytes && protocol::is_forwardable(value, timestamp);
  }

  bool is_empty() const noexcept { return batches_.empty(); }

  /// Whether there is a batch that takes no more points: waiting for others would not make it larger.
  bool has_full_batch() const noexcept { return batches_.size() > (is_open_ ? 1U : 0U); }

  /// Begins to send the oldest batch; there is one. It stays as it is until arrived() or failed().
  const Batch& begin() noexcept {
    if (is_open_ && batches_.size() == 1) close();
    is_sending_ = true;
    return batches_.front();
  }

  /// The batch of begin() has arrived.
  void arrived() noexcept {
    is_sending_ = false;
    delivered_ += batches_.front().points;
    remove(batches_.begin());
  }

  /// The batch of begin() is to be sent again, from its beginning.
  void failed() noexcept { is_sending_ = false; }

  std::uint64_t accepted() const noexcept { return accepted_; }
  std::uint64_t delivered() const noexcept { return delivered_; }
  std::uint64_t dropped() const noexcept { return dropped_; }
  std::uint64_t pending() const noexcept { return accepted_ - delivered_ - dropped_; }

  /// Of all batches.
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  using Batches = std::list<Batch>;

  /// So many buffers are kept for further batches; after a long absence of Graphite the others are freed.
  static constexpr std::size_t max_spares = 2;

  std::size_t max_point_bytes(std::string_view path) const noexcept {
    if (format_ == GraphiteFormat::pickle) return protocol::GraphitePickle::max_bytes(path.size());
    return path.size() + protocol::max_number_chars + protocol::max_integer_chars + 3;
  }

  /// The batch that is filled, with so much room that appending does not allocate; none when there is no
  /// memory.
  Batch* room_for(std::size_t bytes) noexcept {
    if (is_open_ && batches_.back().bytes.size() + bytes > max_batch_bytes_) close();
    while (bytes_ + bytes > max_bytes_) drop_oldest();
    if (!is_open_ && !open()) return nullptr;
    return &batches_.back();
  }

  /// Two batches at most, half of the room, cannot be dropped: the one that is sent, the one that is filled.
  void drop_oldest() noexcept {
    auto oldest = batches_.begin();
    if (is_sending_) ++oldest;
    dropped_ += oldest->points;
    remove(oldest);
  }

  bool open() noexcept {
    try {
      if (spares_.empty()) add_spare();
    } catch (const std::bad_alloc&) {
      return false;
    }
    batches_.splice(batches_.end(), spares_, spares_.begin());
    is_open_ = true;
    return true;
  }

  void add_spare() {
    Batches fresh(1);
    fresh.front().bytes.reserve(max_batch_bytes_);
    spares_.splice(spares_.end(), fresh);
  }

  void close() noexcept {
    Batch& batch = batches_.back();
    const std::size_t before = batch.bytes.size();
    pickle_.close(batch.bytes);
    bytes_ += batch.bytes.size() - before;
    is_open_ = false;
  }

  void remove(Batches::iterator batch) noexcept {
    bytes_ -= batch->bytes.size();
    if (spares_.size() >= max_spares) {
      batches_.erase(batch);
      return;
    }
    batch->bytes.clear();
    batch->points = 0;
    spares_.splice(spares_.end(), batches_, batch);
  }

  const GraphiteFormat format_;
  const std::size_t max_bytes_;
  const std::size_t max_batch_bytes_;
  Batches batches_;  ///< The oldest first; the last is the one that is filled, while there is one.
  Batches spares_;
  protocol::GraphitePickle pickle_;  ///< Of the batch that is filled.
  std::size_t bytes_ = 0;
  bool is_open_ = false;
  bool is_sending_ = false;
  std::uint64_t accepted_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace statwire::client
