#pragma once

// A connection to SQLite and its prepared statements, closed by their destructors, with errors as
// std::error_code: the little of SQLite that sqlite_store.hpp needs. Nothing here knows of series.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/server/sqlite_error.hpp"

namespace statwire::server::detail {

/// A prepared statement; parameters and columns count from 1 and from 0, as in SQLite.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  explicit SqliteStatement(::sqlite3_stmt* statement) : statement_{statement} {}

  void bind(int parameter, std::int64_t value) { ::sqlite3_bind_int64(statement_.get(), parameter, value); }
  /// Binds a NaN as NULL.
  void bind(int parameter, double value) { ::sqlite3_bind_double(statement_.get(), parameter, value); }
  /// Binds a text, which must stay until the statement is reset.
  void bind(int parameter, std::string_view text) {
    ::sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }

  /// Goes to the next row; false at the end, and when there is an error.
  bool step(std::error_code& ec) {
    const int result = ::sqlite3_step(statement_.get());
    if (result != SQLITE_ROW && result != SQLITE_DONE) ec = {result, sqlite_category()};
    return result == SQLITE_ROW;
  }

  /// Makes the statement ready for its next use; whoever leaves it in the middle keeps the database busy.
  void reset() { ::sqlite3_reset(statement_.get()); }

  /// Resets a statement at the end of a scope, whatever happens in it.
  class ResetLater {
   public:
    explicit ResetLater(SqliteStatement& statement) : statement_{statement} {}
    ResetLater(const ResetLater&) = delete;
    ResetLater& operator=(const ResetLater&) = delete;
    ~ResetLater() { statement_.reset(); }

   private:
    SqliteStatement& statement_;
  };

  /// Runs a statement that gives no rows.
  void run(std::error_code& ec) {
    step(ec);
    reset();
  }

  bool is_null(int column) { return ::sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::int64_t integer(int column) { return ::sqlite3_column_int64(statement_.get(), column); }
  double real(int column) { return ::sqlite3_column_double(statement_.get(), column); }
  std::string_view text(int column) {
    const auto* const bytes = ::sqlite3_column_text(statement_.get(), column);
    return {reinterpret_cast<const char*>(bytes),
            static_cast<std::size_t>(::sqlite3_column_bytes(statement_.get(), column))};
  }

 private:
  struct Finalize {
    void operator()(::sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
  };
  std::unique_ptr<::sqlite3_stmt, Finalize> statement_;
};

/// A connection; outlives its statements. One thread at a time.
class SqliteDatabase {
 public:
  SqliteDatabase() = default;

  /// Opens or creates a file.
  SqliteDatabase(const std::string& path, std::error_code& ec) {
    ::sqlite3* database = nullptr;
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int result = ::sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
    database_.reset(database);  // there is one even when it could not be opened
    if (result != SQLITE_OK) {
      ec = {database == nullptr ? result : ::sqlite3_extended_errcode(database), sqlite_category()};
      return;
    }
    ::sqlite3_extended_result_codes(database, 1);
  }

  /// Runs statements, separated by semicolons, whose rows nobody wants. Does nothing after an error.
  void run(const std::string& sql, std::error_code& ec) {
    if (ec) return;
    const int result = ::sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) ec = {result, sqlite_category()};
  }

  /// Prepares a statement that is used often. An empty one after an error.
  SqliteStatement prepare(std::string_view sql, std::error_code& ec) {
    if (ec) return {};
    ::sqlite3_stmt* statement = nullptr;
    const int result = ::sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                            SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (result != SQLITE_OK) ec = {result, sqlite_category()};
    return SqliteStatement{statement};
  }

  /// The first column of the first row, as an integer; 0 when there is none, and after an error.
  std::int64_t integer(std::string_view sql, std::error_code& ec) {
    SqliteStatement statement = prepare(sql, ec);
    return !ec && statement.step(ec) ? statement.integer(0) : 0;
  }

  /// Whether a transaction is open; some errors end it.
  bool is_in_transaction() const { return database_ && ::sqlite3_get_autocommit(database_.get()) == 0; }

 private:
  struct Close {
    void operator()(::sqlite3* database) const noexcept { ::sqlite3_close_v2(database); }
  };
  std::unique_ptr<::sqlite3, Close> database_;
};

}  // namespace statwire::server::detail
