#pragma once

// What is known of the requests that were seen: a table from controller, path and method to something of
// one's own, looked up for each request by any number of threads, without a lock. It only grows, up to a
// bound, since paths are what visitors make them.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/detail/hash.hpp"

namespace statwire::client {

/// Which request: the configured URL of what handles it, and of the request itself path and method, which may
/// be empty.
struct RequestKey {
  std::string_view controller{};
  std::string_view path{};
  std::string_view method{};

  bool operator==(const RequestKey&) const = default;

  std::uint64_t hash() const noexcept {
    return detail::hash_text(detail::hash_text(detail::hash_text(0, controller), path), method);
  }
};

/// Threads: any.
template <class Value>
class RequestTable {
 public:
  /// Takes 16 to 32 bytes for each of `max_entries` at once, and what is added when it is.
  explicit RequestTable(std::size_t max_entries)
      : max_entries_{max_entries}, heads_(std::bit_ceil(2 * max_entries)) {}

  /// The value of a key, null when there is none. Lives as long as the table.
  const Value* find(const RequestKey& key) const noexcept { return find(key, key.hash()); }

  /// The value of a key, that of `make()` when there was none; null when there is no room for it.
  template <class Make>
  const Value* find_or_add(const RequestKey& key, Make&& make) {
    if (is_full_.load(std::memory_order_relaxed)) return find(key);
    const std::uint64_t hash = key.hash();
    const std::lock_guard lock{mutex_};
    if (const Value* value = find(key, hash)) return value;
    if (entries_.size() == max_entries_) return nullptr;
    std::atomic<const Entry*>& head = heads_[place(hash)];
    entries_.push_back(std::make_unique<const Entry>(key, head.load(std::memory_order_relaxed), make()));
    head.store(entries_.back().get(), std::memory_order_release);
    is_full_.store(entries_.size() == max_entries_, std::memory_order_relaxed);
    return &entries_.back()->value;
  }

 private:
  struct Entry {
    Entry(const RequestKey& key, const Entry* following, Value made)
        : controller{key.controller},
          path{key.path},
          method{key.method},
          next{following},
          value{std::move(made)} {}

    RequestKey key() const noexcept { return {controller, path, method}; }

    std::string controller;
    std::string path;
    std::string method;
    const Entry* next;
    Value value;
  };

  std::size_t place(std::uint64_t hash) const noexcept { return hash & (heads_.size() - 1); }

  const Value* find(const RequestKey& key, std::uint64_t hash) const noexcept {
    const Entry* entry = heads_[place(hash)].load(std::memory_order_acquire);
    while (entry != nullptr && entry->key() != key) entry = entry->next;
    return entry == nullptr ? nullptr : &entry->value;
  }

  std::size_t max_entries_;
  std::vector<std::atomic<const Entry*>> heads_;  ///< Chains, by hash; a power of two.
  std::atomic<bool> is_full_{false};              ///< From then on nobody asks for the lock.
  std::mutex mutex_;                              ///< Guards what follows, and the adding.
  std::vector<std::unique_ptr<const Entry>> entries_;
};

}  // namespace statwire::client
