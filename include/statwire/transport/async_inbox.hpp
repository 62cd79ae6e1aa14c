#pragma once

// Where the threads of a program leave what AsyncConnection is to do: orders and their lines, in the order of
// the calls, bounded by the bytes that are not answered yet. Whoever leaves the first one has the connection
// take all that are there when it comes to it.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace statwire::detail {

/// Any thread, all calls. An `Order` has an `id` and `bytes`, which are set here.
template <class Order>
class AsyncInbox {
 public:
  enum class Added {
    no,     ///< There is no room; the order is untouched.
    first,  ///< The connection is to be told.
    more,   ///< It has been told, or is about to be.
  };

  explicit AsyncInbox(std::size_t max_pending_bytes) : max_pending_bytes_{max_pending_bytes} {}

  std::size_t max_pending_bytes() const noexcept { return max_pending_bytes_; }

  /// Adds an order with its lines. `prepare(Order&)` is called when it has its id and nobody has seen it yet.
  /// What is thrown, for want of memory, leaves all as it was.
  template <class Prepare>
  Added add(Order& order, std::string_view lines, Prepare&& prepare) {
    const std::lock_guard lock{mutex_};
    const std::size_t pending = pending_bytes_.load(std::memory_order_relaxed);
    if (lines.size() > max_pending_bytes_ - std::min(pending, max_pending_bytes_)) return Added::no;
    order.id = ++last_id_;
    order.bytes = lines.size();
    prepare(order);
    keep(order, lines);
    pending_bytes_.fetch_add(lines.size(), std::memory_order_relaxed);
    return std::exchange(is_told_, true) ? Added::more : Added::first;
  }

  /// Gives the first order back when the connection could not be told; false when it was taken all the same.
  /// Other threads' orders that came meanwhile go with what is added next.
  bool take_back(Order& order) {
    const std::lock_guard lock{mutex_};
    is_told_ = false;
    std::size_t offset = 0;
    for (auto at = orders_.begin(); at != orders_.end(); offset += at->bytes, ++at) {
      if (at->id != order.id) continue;
      lines_.erase(offset, at->bytes);
      release(at->bytes);
      order = std::move(*at);
      orders_.erase(at);
      return true;
    }
    return false;
  }

  /// Swaps all orders and their lines for what is given: nothing, and memory for what comes.
  void take(std::vector<Order>& empty, std::string& no_lines) {
    const std::lock_guard lock{mutex_};
    empty.swap(orders_);
    no_lines.swap(lines_);
    is_told_ = false;
  }

  /// Orders with so many bytes have ended.
  void release(std::size_t bytes) noexcept { pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  void keep(Order& order, std::string_view lines) {
    const std::size_t kept_bytes = lines_.size();
    lines_.append(lines);
    try {
      orders_.push_back(std::move(order));
    } catch (...) {  // later orders would get these lines
      lines_.resize(kept_bytes);
      throw;
    }
  }

  const std::size_t max_pending_bytes_;
  std::mutex mutex_;
  std::vector<Order> orders_;
  std::string lines_;  ///< Of all of them.
  std::uint64_t last_id_ = 0;
  bool is_told_ = false;                       ///< Whether the connection is about to take them.
  std::atomic<std::size_t> pending_bytes_{0};  ///< Of orders that have not ended; grows under the mutex.
};

}  // namespace statwire::detail
