#pragma once

// What a metrics server needs of the store that keeps its points. Implemented by memory_store.hpp,
// sqlite_store.hpp and forwarding_store.hpp; a store of your own is any type that does the same. Each
// requirement is a concept with a name of its own: when a type lacks one, the compiler names it.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "statwire/protocol/metrics_reply.hpp"

namespace statwire::server {

/// Where the reading of a store stands. Series are numbered from 0 in the order of their first put, so a
/// reading goes on where it paused, whatever was put meanwhile: rows that came behind it are left out, those
/// ahead of it are given.
struct Cursor {
  std::size_t series = 0;               ///< The series that is read next.
  std::size_t end = 0;                  ///< One past the last series to read.
  std::optional<std::int64_t> after{};  ///< The last timestamp of `series` that was given, if any was.
};

/// `void put(std::string_view key, double value, std::int64_t timestamp, std::error_code&)`: keeps a value,
/// in place of one of the same key and timestamp.
template <class Store>
concept HasPut = requires(Store& store, std::string_view key, double value, std::int64_t timestamp,
                          std::error_code& ec) {
  { store.put(key, value, timestamp, ec) } -> std::same_as<void>;
};

/// `Cursor find(std::string_view key) const`: a reading of one series, or of all for "*"; one of nothing when
/// the key is unknown.
template <class Store>
concept HasFind = requires(const Store& store, std::string_view key) {
  { store.find(key) } -> std::same_as<Cursor>;
};

/// `void read(Cursor&, on_row, std::error_code&)`: calls `bool on_row(const protocol::Row&)` for each row
/// from the cursor on, ascending by series and timestamp, until it returns false or there are no more; the
/// cursor stands behind the last row that was given. At the end `cursor.series == cursor.end`.
template <class Store>
concept HasRead = requires(Store& store, Cursor& cursor, bool (*on_row)(const protocol::Row&),
                           std::error_code& ec) {
  { store.read(cursor, on_row, ec) } -> std::same_as<void>;
};

/// `bool contains(std::string_view key) const` and `std::size_t series_count() const`: by which the server
/// refuses new series beyond its limit.
template <class Store>
concept HasSeriesCount = requires(const Store& store, std::string_view key) {
  { store.contains(key) } -> std::same_as<bool>;
  { store.series_count() } -> std::convertible_to<std::size_t>;
};

/// Keeps the points of a metrics server. Used by one thread at a time.
template <class Store>
concept MetricsStore = HasPut<Store> && HasFind<Store> && HasRead<Store> && HasSeriesCount<Store>;

/// A store whose puts are safe only once they are committed: `bool has_uncommitted() const` and `void
/// commit(std::error_code&)`. The server commits the puts of many clients together, and answers none of them
/// before; when it fails, none of them is stored, and each is answered with an error.
template <class Store>
concept CommittingStore = MetricsStore<Store> && requires(Store& store, std::error_code& ec) {
  { store.has_uncommitted() } -> std::same_as<bool>;
  { store.commit(ec) } -> std::same_as<void>;
};

}  // namespace statwire::server
