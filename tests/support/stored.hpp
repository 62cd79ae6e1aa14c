#pragma once

// What a store of the metrics server holds, as plain data.

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/server/store.hpp"

namespace statwire::test {

struct Entry {
  std::string key;
  double value;
  std::int64_t timestamp;
  bool operator==(const Entry&) const = default;
};

using Entries = std::vector<Entry>;

/// Appends up to `rows` rows from the cursor on.
template <class Store>
void read_on(Store& store, server::Cursor& cursor, std::size_t rows, Entries& entries) {
  const std::size_t enough = entries.size() + rows;
  auto ec = std::make_error_code(std::errc::io_error);  // to be cleared
  store.read(
      cursor,
      [&](const protocol::Row& row) {
        entries.push_back({std::string{row.key}, row.value, row.timestamp});
        return entries.size() != enough;
      },
      ec);
  CHECK(!ec);
}

/// Every row of a key, or of all for "*", so many at once.
template <class Store>
Entries stored(Store& store, std::string_view key, std::size_t rows_at_once = 1000) {
  Entries entries;
  server::Cursor cursor = store.find(key);
  while (cursor.series != cursor.end) read_on(store, cursor, rows_at_once, entries);
  return entries;
}

template <class Store>
void put(Store& store, std::string_view key, double value, std::int64_t timestamp) {
  auto ec = std::make_error_code(std::errc::io_error);  // to be cleared
  store.put(key, value, timestamp, ec);
  REQUIRE_MESSAGE(!ec, ec.message());
}

}  // namespace statwire::test
