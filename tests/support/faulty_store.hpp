#pragma once

// A store of the metrics server whose calls fail when a test says so, and that asks for commits.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "statwire/server/memory_store.hpp"
#include "statwire/server/store.hpp"

namespace statwire::test {

/// A memory store that never undoes what could not be committed.
struct FaultyStore {
  std::error_code put_error{};
  std::error_code commit_error{};
  std::error_code read_error{};
  std::size_t rows_before_error = 0;  ///< How many rows read() gives before its error, in each call.
  std::size_t commits = 0;

  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    has_puts = true;
    memory.put(key, value, timestamp, ec);
    if (put_error) ec = put_error;
  }
  bool contains(std::string_view key) const { return memory.contains(key); }
  std::size_t series_count() const { return memory.series_count(); }
  server::Cursor find(std::string_view key) const { return memory.find(key); }

  template <class OnRow>
  void read(server::Cursor& cursor, OnRow&& on_row, std::error_code& ec) {
    std::size_t rows = 0;
    const auto with_error = [&](const protocol::Row& row) {
      return !(read_error && rows++ == rows_before_error) && on_row(row);
    };
    memory.read(cursor, with_error, ec);
    if (read_error && rows > rows_before_error) ec = read_error;
  }

  bool has_uncommitted() const { return has_puts; }
  void commit(std::error_code& ec) {
    ++commits;
    has_puts = false;
    ec = commit_error;
  }

  server::MemoryStore memory{};
  bool has_puts = false;
};

static_assert(server::CommittingStore<FaultyStore>);

}  // namespace statwire::test
