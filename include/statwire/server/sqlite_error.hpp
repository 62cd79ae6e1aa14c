#pragma once

// The errors of SQLite as std::error_code, and those of sqlite_store.hpp beside them.

#include <sqlite3.h>

#include <string>
#include <system_error>
#include <type_traits>

namespace statwire::server {

/// What SqliteStore itself can find wrong. A value, once given out, is never used for anything else; SQLite's
/// own codes are above 0.
enum class sqlite_errc {
  foreign_database = -1,  ///< The file is a database of another program.
  newer_schema = -2,      ///< The file was written by a later version of this library.
};

namespace detail {

class SqliteCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "sqlite"; }

  std::string message(int value) const override {
    switch (static_cast<sqlite_errc>(value)) {
      case sqlite_errc::foreign_database:
        return "the database belongs to another program";
      case sqlite_errc::newer_schema:
        return "the database was written by a later version of statwire";
    }
    return ::sqlite3_errstr(value);
  }

  std::error_condition default_error_condition(int value) const noexcept override {
    constexpr int primary_bits = 0xff;  // the others say more of the same error
    if (value < 0) return {value, *this};
    switch (value & primary_bits) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return std::errc::device_or_resource_busy;
      case SQLITE_FULL:
        return std::errc::no_space_on_device;
      case SQLITE_IOERR:
        return std::errc::io_error;
      case SQLITE_NOMEM:
        return std::errc::not_enough_memory;
      case SQLITE_PERM:
        return std::errc::permission_denied;
      case SQLITE_READONLY:
        return std::errc::read_only_file_system;
      default:
        return {value, *this};
    }
  }
};

}  // namespace detail

/// The category of SQLite's result codes, extended ones included; its name is "sqlite".
inline const std::error_category& sqlite_category() noexcept {
  static const detail::SqliteCategory category;
  return category;
}

inline std::error_code make_error_code(sqlite_errc code) noexcept {
  return {static_cast<int>(code), sqlite_category()};
}

}  // namespace statwire::server

template <>
struct std::is_error_code_enum<statwire::server::sqlite_errc> : std::true_type {};
