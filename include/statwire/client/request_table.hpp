#pragma once

// What is known of the requests that were seen: a table from controller, path and method to something of
// one's own, looked up for each request by any number of threads, without a lock. It only grows, up to a
// bound, since paths are what visitors make them.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
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
  /// Takes 16 to 32 bytes for each of `max_entries` at once, and what is added when it is. There may be a few
  /// more, when several threads add at once.
  explicit RequestTable(std::size_t max_entries)
      : max_entries_{max_entries}, heads_(std::bit_ceil(2 * max_entries)) {}
  RequestTable(const RequestTable&) = delete;
  RequestTable& operator=(const RequestTable&) = delete;
  ~RequestTable() {
    for (std::atomic<Entry*>& head : heads_) {
      for (Entry* entry = head.load(std::memory_order_relaxed); entry != nullptr;) {
        delete std::exchange(entry, entry->next);
      }
    }
  }

  /// The value of a key, null when there is none. Lives as long as the table.
  const Value* find(const RequestKey& key) const noexcept { return find(key, key.hash()); }

  /// The value of a key, that of `make()` when there was none; null when there is no room for it. Takes no
  /// lock, so a process may fork meanwhile; of two threads that add the same at once, one makes in vain.
  template <class Make>
  const Value* find_or_add(const RequestKey& key, Make&& make) {
    const std::uint64_t hash = key.hash();
    if (const Value* value = find(key, hash)) return value;
    if (size_.load(std::memory_order_relaxed) >= max_entries_) return nullptr;
    auto entry = std::make_unique<Entry>(key, make());
    std::atomic<Entry*>& head = heads_[place(hash)];
    entry->next = head.load(std::memory_order_acquire);
    do {
      if (const Value* value = find(key, entry->next)) return value;
    } while (!head.compare_exchange_weak(entry->next, entry.get(), std::memory_order_acq_rel));
    size_.fetch_add(1, std::memory_order_relaxed);
    return &entry.release()->value;
  }

 private:
  struct Entry {
    Entry(const RequestKey& key, Value made)
        : controller{key.controller}, path{key.path}, method{key.method}, value{std::move(made)} {}

    RequestKey key() const noexcept { return {controller, path, method}; }

    std::string controller;
    std::string path;
    std::string method;
    Value value;
    Entry* next = nullptr;  ///< Fixed once the entry is in its chain.
  };

  std::size_t place(std::uint64_t hash) const noexcept {
    return static_cast<std::size_t>(hash) & (heads_.size() - 1);
  }

  const Value* find(const RequestKey& key, std::uint64_t hash) const noexcept {
    return find(key, heads_[place(hash)].load(std::memory_order_acquire));
  }

  static const Value* find(const RequestKey& key, const Entry* entry) noexcept {
    while (entry != nullptr && entry->key() != key) entry = entry->next;
    return entry == nullptr ? nullptr : &entry->value;
  }

  std::size_t max_entries_;
  std::atomic<std::size_t> size_{0};
  std::vector<std::atomic<Entry*>> heads_;  ///< Chains, by hash; a power of two.
};

}  // namespace statwire::client
