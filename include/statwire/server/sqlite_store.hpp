#pragma once

// Time series in a file of SQLite, for a metrics server that must lose nothing: what it has answered `ok` is
// on the disk, also after a crash of the program or of the machine. Needs libsqlite3 (CMake: link
// statwire::sqlite).
//
//   statwire::server::MetricsServer server{{.port = 8888},
//                                          statwire::server::SqliteStore{{.path = "metrics.db"}}};

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/error.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/server/series_index.hpp"
#include "statwire/server/sqlite_database.hpp"
#include "statwire/server/sqlite_error.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server {

/// When a commit counts as done.
enum class Durability {
  power_loss,  ///< The disk has said that it is written: nothing is lost, whatever happens.
  crash,  ///< The system has it: a crash of the program loses nothing, one of the machine the last commits.
};

/// Options of a SqliteStore.
struct SqliteOptions {
  std::string path;  ///< A file; created when it is not there.
  Durability durability = Durability::power_loss;
  /// The file does not grow beyond this, rounded down to 4 KiB; puts that would make it fail with
  /// no_space_on_device. 0: as large as the disk. Its log beside it may be larger than that: it has every
  /// page that the largest commit changed, some 16 MiB as a rule. The server commits after 100,000 to 150,000
  /// puts at the latest; were each of another series, that would be 600 MB.
  std::uint64_t max_bytes = 0;
};

/// Models CommittingStore: the first put begins a transaction, commit() ends it. A put that fails spoils its
/// transaction: the puts that follow fail as well, and so does commit(), which then undoes them all.
///
/// The file has a write-ahead log beside it (`-wal`) and is locked for as long as the store lives: one
/// server a file. Its tables are `series(id, key)` and `points(series, timestamp, value)`; a value that is
/// not a number is NULL there.
///
/// Moved, not copied. One thread at a time. Memory: some 60 bytes and the name a series, and SQLite's cache,
/// up to 32 MiB: enough for the newest page of 8,000 series, without which puts take twice the time.
class SqliteStore {
 public:
  /// Opens a file. Errors, as SQLite's codes in sqlite_category(): SQLITE_BUSY when another has it open,
  /// SQLITE_NOTADB when it is no database, SQLITE_CANTOPEN, SQLITE_READONLY, ...;
  /// sqlite_errc::foreign_database, sqlite_errc::newer_schema; invalid_argument for a path that is empty or
  /// begins with a colon, which SQLite would keep in memory. After an error every call fails.
  SqliteStore(const SqliteOptions& options, std::error_code& ec) { open(options, ec); }

  /// The same, but throws ClientError, whose what() names the file.
  explicit SqliteStore(const SqliteOptions& options) {
    std::error_code ec;
    open(options, ec);
    if (ec) throw ClientError{ec, "statwire: SQLite store '" + options.path + "'"};
  }

  /// Stores a value in the open transaction; replaces that of the same key and timestamp. Errors: those of
  /// SQLite, also one of an earlier put of the transaction.
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    if (!has_uncommitted_) begin();
    std::optional<std::size_t> series = index_.number_of(key);
    if (!series) series = add_series(key);
    if (!failure_) {
      put_.bind(1, static_cast<std::int64_t>(*series));
      put_.bind(2, timestamp);
      put_.bind(3, value);
      put_.run(failure_);
    }
    ec = failure_;
  }

  bool contains(std::string_view key) const { return index_.number_of(key).has_value(); }
  std::size_t series_count() const noexcept { return index_.size(); }

  /// A reading of one series, or of all for "*"; of nothing when the key is unknown.
  Cursor find(std::string_view key) const { return index_.cursor(key); }

  /// Calls `bool on_row(const protocol::Row&)` for each row from the cursor on, until it returns false; rows
  /// of the open transaction are among them. Errors: those of SQLite.
  template <class OnRow>
  void read(Cursor& cursor, OnRow&& on_row, std::error_code& ec) {
    ec = open_error_;
    if (ec) return;
    // What comes after nothing of a series comes after all of the one before.
    rows_.bind(1, static_cast<std::int64_t>(cursor.series) - (cursor.after ? 0 : 1));
    rows_.bind(2, cursor.after.value_or(std::numeric_limits<std::int64_t>::max()));
    rows_.bind(3, static_cast<std::int64_t>(std::min(cursor.end, index_.size())));
    const detail::SqliteStatement::ResetLater resetting{rows_};
    while (cursor.series != cursor.end) {
      if (!rows_.step(ec)) {
        if (!ec) cursor = {.series = cursor.end, .end = cursor.end};
        return;
      }
      cursor.series = static_cast<std::size_t>(rows_.integer(0));
      cursor.after = rows_.integer(1);
      constexpr double nan = std::numeric_limits<double>::quiet_NaN();
      if (!on_row(protocol::Row{.key = index_.key(cursor.series),
                                .value = rows_.is_null(2) ? nan : rows_.real(2),
                                .timestamp = *cursor.after})) {
        return;
      }
    }
  }

  /// Whether there are puts, failed ones included, that await commit().
  bool has_uncommitted() const noexcept { return has_uncommitted_; }

  /// Makes all puts since the last commit durable, or undoes them all and says why. Harmless when there are
  /// none. Cost: one or two writes to the disk.
  void commit(std::error_code& ec) {
    ec.clear();
    if (!has_uncommitted_) return;
    if (!failure_) commit_.run(failure_);
    if (failure_) undo();
    has_uncommitted_ = false;
    ec = std::exchange(failure_, open_error_);
  }

 private:
  static constexpr std::int64_t application_id = 0x53745772;  // "StWr"
  static constexpr std::int64_t schema_version = 1;
  static constexpr std::uint64_t page_bytes = 4096;

  void open(const SqliteOptions& options, std::error_code& ec) {
    ec.clear();
    if (options.path.empty() || options.path.starts_with(':')) {
      ec = std::make_error_code(std::errc::invalid_argument);
    } else {
      database_ = {options.path, ec};
      // Whose file it is must be known before anything is written.
      database_.run("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE", ec);
      const bool is_new = check_owner(ec);
      database_.run("COMMIT", ec);
      if (is_new) database_.run("PRAGMA page_size=" + std::to_string(page_bytes), ec);
      database_.run(settings(options), ec);
      if (is_new) database_.run(schema(), ec);
      prepare(ec);
      load_series(ec);
    }
    open_error_ = failure_ = ec;
    if (ec) close();
  }

  /// Returns whether the file is empty. Errors: it is not ours, or of a later version.
  bool check_owner(std::error_code& ec) {
    const std::int64_t owner = database_.integer("PRAGMA application_id", ec);
    const std::int64_t version = database_.integer("PRAGMA user_version", ec);
    const std::int64_t objects = database_.integer("SELECT count(*) FROM sqlite_master", ec);
    if (ec) return false;
    const bool is_new = owner == 0 && version == 0 && objects == 0;
    if (!is_new && owner != application_id) ec = sqlite_errc::foreign_database;
    if (!ec && version > schema_version) ec = sqlite_errc::newer_schema;
    return is_new;
  }

  static std::string settings(const SqliteOptions& options) {
    // A log of 16 MiB instead of 4 takes a tenth to a sixth more puts a second: a page that is changed often
    // is copied from it to the file less often.
    std::string sql =
        "PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_mode=WAL; PRAGMA "
        "synchronous=";
    sql += options.durability == Durability::power_loss ? "FULL" : "NORMAL";
    if (options.max_bytes != 0) {
      sql += "; PRAGMA max_page_count=" +
             std::to_string(std::max(options.max_bytes / page_bytes, std::uint64_t{1}));
    }
    return sql;
  }

  static std::string schema() {
    return "BEGIN;"
           "CREATE TABLE series(id INTEGER PRIMARY KEY, key TEXT NOT NULL);"
           "CREATE TABLE points(series INTEGER NOT NULL, timestamp INTEGER NOT NULL, value REAL,"
           " PRIMARY KEY(series, timestamp)) WITHOUT ROWID;"
           "PRAGMA application_id=" +
           std::to_string(application_id) + ";PRAGMA user_version=" + std::to_string(schema_version) +
           ";COMMIT";
  }

  void prepare(std::error_code& ec) {
    begin_ = database_.prepare("BEGIN IMMEDIATE", ec);
    commit_ = database_.prepare("COMMIT", ec);
    rollback_ = database_.prepare("ROLLBACK", ec);
    add_series_ = database_.prepare("INSERT INTO series(id, key) VALUES(?1, ?2)", ec);
    put_ =
        database_.prepare("INSERT OR REPLACE INTO points(series, timestamp, value) VALUES(?1, ?2, ?3)", ec);
    rows_ = database_.prepare(
        "SELECT series, timestamp, value FROM points"
        " WHERE (series, timestamp) > (?1, ?2) AND series < ?3 ORDER BY series, timestamp",
        ec);
  }

  void load_series(std::error_code& ec) {
    detail::SqliteStatement series = database_.prepare("SELECT id, key FROM series ORDER BY id", ec);
    while (!ec && series.step(ec)) {
      const std::string_view key = series.text(1);
      if (series.integer(0) != static_cast<std::int64_t>(index_.size()) || contains(key)) {
        ec = {SQLITE_CORRUPT, sqlite_category()};
      } else {
        index_.add(key);
      }
    }
  }

  /// Gives up the file and its lock.
  void close() {
    for (detail::SqliteStatement* statement : {&begin_, &commit_, &rollback_, &add_series_, &put_, &rows_}) {
      *statement = {};
    }
    database_ = {};
    index_ = {};
  }

  void begin() {
    has_uncommitted_ = true;
    committed_series_ = index_.size();
    if (!failure_) begin_.run(failure_);
  }

  std::size_t add_series(std::string_view key) {
    const std::size_t series = index_.size();
    if (failure_) return series;
    add_series_.bind(1, static_cast<std::int64_t>(series));
    add_series_.bind(2, key);
    add_series_.run(failure_);
    return failure_ ? series : index_.add(key);
  }

  /// Some errors undo the transaction by themselves, others leave that to us.
  void undo() {
    std::error_code ignored;
    if (database_.is_in_transaction()) rollback_.run(ignored);
    index_.truncate(committed_series_);
  }

  detail::SqliteDatabase database_;
  detail::SqliteStatement begin_, commit_, rollback_, add_series_, put_, rows_;
  SeriesIndex index_;
  std::size_t committed_series_ = 0;
  bool has_uncommitted_ = false;
  std::error_code failure_;  ///< Of the open transaction; afterwards again that of the constructor.
  std::error_code open_error_;
};

static_assert(CommittingStore<SqliteStore>);

}  // namespace statwire::server
