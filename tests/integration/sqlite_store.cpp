#include "statwire/server/sqlite_store.hpp"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/error.hpp"
#include "statwire/server/metrics_dialogue.hpp"
#include "support/case_files.hpp"
#include "support/dialogue.hpp"
#include "support/random_bytes.hpp"
#include "support/scratch_directory.hpp"
#include "support/stored.hpp"

using namespace statwire;
using namespace statwire::test;
using server::Cursor;
using server::sqlite_errc;
using server::SqliteStore;

namespace {

std::string path_in(const ScratchDirectory& directory) {
  return directory.path() / "metrics.db";
}

void commit(SqliteStore& store) {
  auto ec = std::make_error_code(std::errc::io_error);  // to be cleared
  store.commit(ec);
  REQUIRE_MESSAGE(!ec, ec.message());
  CHECK_FALSE(store.has_uncommitted());
}

std::error_code error_of_opening(const std::string& path) {
  std::error_code ec;
  const SqliteStore store{{.path = path}, ec};
  return ec;
}

/// Puts points of 200 bytes and more until there is no room for one, which spoils the transaction.
std::error_code fill(SqliteStore& store) {
  std::error_code ec;
  for (int i = 0; !ec; ++i) {
    REQUIRE(i < 100'000);
    store.put("filler" + std::string(200, 'x') + std::to_string(i), 1, i, ec);
  }
  return ec;
}

}  // namespace

TEST_CASE("sqlite_store: what was committed is there when the file is opened again, the rest is not") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  const Entries expected{{"zebra", 2.5, 5}, {"zebra", 1, 10}, {"ant", -3, -7}};
  {
    SqliteStore store{{.path = path}};
    CHECK_FALSE(store.has_uncommitted());
    put(store, "zebra", 1, 10);
    CHECK(store.has_uncommitted());
    put(store, "ant", -3, -7);
    put(store, "zebra", 2.5, 5);
    commit(store);
    put(store, "zebra", 99, 10);
    put(store, "mule", 4, 4);
    CHECK(stored(store, "mule") == Entries{{"mule", 4, 4}});  // not safe yet, but there
  }
  SqliteStore again{{.path = path}};
  CHECK(stored(again, "*") == expected);
  CHECK(again.series_count() == 2);
  CHECK(again.contains("ant"));
  CHECK_FALSE(again.contains("mule"));
  put(again, "mule", 4, 4);
  commit(again);
  CHECK(stored(again, "*").back() == Entry{"mule", 4, 4});
}

TEST_CASE("sqlite_store: a commit is in the files at once, not only when the store is closed") {
  const ScratchDirectory directory;
  const ScratchDirectory other;
  SqliteStore store{{.path = path_in(directory)}};
  put(store, "a", 1, 1);
  commit(store);
  put(store, "a", 2, 2);
  // What a crash would leave.
  for (const auto& file : std::filesystem::directory_iterator{directory.path()}) {
    std::filesystem::copy_file(file.path(), other.path() / file.path().filename());
  }
  SqliteStore copy{{.path = path_in(other)}};
  CHECK(stored(copy, "*") == Entries{{"a", 1, 1}});
}

TEST_CASE("sqlite_store: every double comes back, also those that are no number") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  using Limits = std::numeric_limits<double>;
  const std::vector<double> values{0,  0.1, 1e300,     -1e-300, Limits::max(),      Limits::denorm_min(),
                                   -1, 301, 1LL << 53, -9.2e18, Limits::infinity(), -Limits::infinity()};
  {
    SqliteStore store{{.path = path}};
    for (std::size_t i = 0; i < values.size(); ++i) put(store, "a", values[i], static_cast<int>(i));
    put(store, "nan", Limits::quiet_NaN(), 1);
    put(store, "nan", -Limits::quiet_NaN(), 2);
    commit(store);
  }
  SqliteStore again{{.path = path}};
  const Entries numbers = stored(again, "a");
  REQUIRE(numbers.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(numbers[i].value == values[i]);
  const Entries nans = stored(again, "nan");
  REQUIRE(nans.size() == 2);
  CHECK(std::isnan(nans[0].value));
  CHECK(std::isnan(nans[1].value));
}

TEST_CASE("sqlite_store: keys may hold any bytes that a request may") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  const std::vector<std::string> keys{"\xff\xfe\xc3(",       "'; DROP TABLE points; --", "*x", "a", "A",
                                      std::string(8192, 'k')};
  {
    SqliteStore store{{.path = path}};
    for (const std::string& key : keys) put(store, key, 1, 1);
    commit(store);
  }
  SqliteStore again{{.path = path}};
  for (const std::string& key : keys) CHECK(stored(again, key) == Entries{{key, 1, 1}});
}

TEST_CASE("sqlite_store: with many keys and puts in any order it holds what plain maps would") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  RandomBytes random{31};
  std::vector<std::string> order;
  std::map<std::string, std::map<std::int64_t, double>> model;
  Entries all;
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  {
    SqliteStore store{{.path = path, .durability = server::Durability::crash}};
    for (int i = 0; i < 5000; ++i) {
      const std::string key = "key" + std::to_string(random.up_to(99));
      const auto offset = static_cast<std::int64_t>(random.up_to(20));
      const std::int64_t timestamp = i % 3 == 0 ? first + offset : i % 3 == 1 ? last - offset : offset - 10;
      if (!model.contains(key)) order.push_back(key);
      model[key][timestamp] = i;
      put(store, key, i, timestamp);
      if (random.up_to(99) == 0) commit(store);
    }
    commit(store);
    for (const std::string& key : order) {
      Entries expected;
      for (const auto& [timestamp, value] : model[key]) expected.push_back({key, value, timestamp});
      CHECK(stored(store, key, 3) == expected);
      all.insert(all.end(), expected.begin(), expected.end());
    }
    CHECK(stored(store, "*", 1) == all);
    CHECK(stored(store, "nobody").empty());
  }
  SqliteStore again{{.path = path}};
  CHECK(stored(again, "*") == all);
}

TEST_CASE("sqlite_store: a reading goes on where it paused, whatever was put meanwhile") {
  const ScratchDirectory directory;
  SqliteStore store{{.path = path_in(directory)}};
  for (const int timestamp : {10, 20, 30}) put(store, "a", 1, timestamp);
  put(store, "b", 1, 5);
  commit(store);
  Cursor cursor = store.find("*");
  Entries seen;
  read_on(store, cursor, 2, seen);
  put(store, "a", 2, 15);  // behind the reading
  put(store, "a", 2, 25);  // ahead of it
  put(store, "b", 2, 6);
  put(store, "c", 2, 1);  // a series that was not there when the reading began
  commit(store);          // which a reading that pauses must not hinder
  while (cursor.series != cursor.end) read_on(store, cursor, 1, seen);
  CHECK(seen == Entries{{"a", 1, 10}, {"a", 1, 20}, {"a", 2, 25}, {"a", 1, 30}, {"b", 1, 5}, {"b", 2, 6}});
}

TEST_CASE("sqlite_store: a put that finds no room spoils its transaction, and only that") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  {
    SqliteStore store{{.path = path, .max_bytes = 65536}};
    put(store, "a", 1, 1);
    commit(store);
    put(store, "b", 1, 1);
    CHECK(fill(store) == std::errc::no_space_on_device);
    std::error_code ec;
    store.put("a", 2, 1, ec);  // would fit
    CHECK(ec == std::errc::no_space_on_device);
    store.put("new", 2, 1, ec);
    CHECK(ec == std::errc::no_space_on_device);
    CHECK(store.has_uncommitted());
    store.commit(ec);
    CHECK(ec == std::errc::no_space_on_device);
    CHECK(ec.message() == "database or disk is full");
    CHECK_FALSE(store.has_uncommitted());
    CHECK(stored(store, "*") == Entries{{"a", 1, 1}});
    CHECK(store.series_count() == 1);
    CHECK_FALSE(store.contains("b"));

    put(store, "c", 3, 3);  // takes the number that b had
    put(store, "a", 4, 4);
    commit(store);
    CHECK(stored(store, "*") == Entries{{"a", 1, 1}, {"a", 4, 4}, {"c", 3, 3}});
    CHECK(std::filesystem::file_size(path) <= 65536);
  }
  SqliteStore again{{.path = path}};
  CHECK(stored(again, "*") == Entries{{"a", 1, 1}, {"a", 4, 4}, {"c", 3, 3}});
  put(again, "b", 1, 1);
  commit(again);
}

TEST_CASE("sqlite_store: an error that leaves the transaction open undoes it all the same") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  { const SqliteStore store{{.path = path}}; }
  std::error_code ec;
  {
    server::detail::SqliteDatabase database{path, ec};
    database.run(
        "CREATE TRIGGER refuse BEFORE INSERT ON points WHEN new.timestamp = 13"
        " BEGIN SELECT RAISE(ABORT, 'no'); END",
        ec);
    REQUIRE(!ec);
  }
  SqliteStore store{{.path = path}};
  put(store, "a", 1, 12);
  store.put("b", 1, 13, ec);
  CHECK(ec.category() == server::sqlite_category());
  store.commit(ec);
  CHECK(ec.message() == "constraint failed");
  CHECK(stored(store, "*").empty());
  CHECK(store.series_count() == 0);
  put(store, "b", 1, 14);
  commit(store);
  CHECK(stored(store, "*") == Entries{{"b", 1, 14}});
}

TEST_CASE("sqlite_store: a file is one store's at a time") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  {
    const SqliteStore first{{.path = path}};
    CHECK(error_of_opening(path) == std::errc::device_or_resource_busy);
    CHECK_THROWS_WITH_AS(SqliteStore{{.path = path}},
                         ("statwire: SQLite store '" + path + "': database is locked").c_str(), ClientError);
  }
  CHECK(!error_of_opening(path));
}

TEST_CASE("sqlite_store: a file of another program, or of a later version, is left as it is") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  const auto make = [&](const std::string& sql) {
    std::filesystem::remove(path);
    std::error_code ec;
    server::detail::SqliteDatabase database{path, ec};
    database.run(sql, ec);
    REQUIRE_MESSAGE(!ec, ec.message());
  };
  const auto bytes = [&] {
    std::ifstream file{path, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  };
  const auto check_refused = [&](std::error_code expected) {
    const std::string before = bytes();
    CHECK(error_of_opening(path) == expected);
    CHECK(bytes() == before);
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  };
  make("CREATE TABLE series(id)");
  check_refused(sqlite_errc::foreign_database);
  make("PRAGMA application_id=77");
  check_refused(sqlite_errc::foreign_database);
  make("PRAGMA user_version=1");
  check_refused(sqlite_errc::foreign_database);
  make("PRAGMA application_id=0x53745772; PRAGMA user_version=2; CREATE TABLE future(id)");
  check_refused(sqlite_errc::newer_schema);
  std::filesystem::remove(path);
  directory.write("metrics.db", std::string(5000, 'x'));
  check_refused({SQLITE_NOTADB, server::sqlite_category()});
  CHECK(make_error_code(sqlite_errc::foreign_database).message() ==
        "the database belongs to another program");
}

TEST_CASE("sqlite_store: numbers of series that do not follow each other are no database of ours") {
  const ScratchDirectory directory;
  const std::string path = path_in(directory);
  {
    SqliteStore store{{.path = path}};
    for (const char* key : {"a", "b", "c"}) put(store, key, 1, 1);
    commit(store);
  }
  {
    std::error_code ec;
    server::detail::SqliteDatabase database{path, ec};
    database.run("DELETE FROM series WHERE id=1", ec);
    REQUIRE(!ec);
  }
  CHECK(error_of_opening(path) == std::error_code{SQLITE_CORRUPT, server::sqlite_category()});
}

TEST_CASE("sqlite_store: a path that names no file is refused, and every call of such a store fails") {
  const ScratchDirectory directory;
  for (const std::string path : {"", ":memory:"}) {
    CHECK(error_of_opening(path) == std::errc::invalid_argument);
  }
  std::error_code ec;
  SqliteStore store{{.path = directory.path() / "none" / "metrics.db"}, ec};
  CHECK(ec == std::error_code{SQLITE_CANTOPEN, server::sqlite_category()});
  for (int i = 0; i < 2; ++i) {
    store.put("a", 1, 1, ec);
    CHECK(ec);
    store.commit(ec);
    CHECK(ec);
    Cursor cursor = store.find("*");
    store.read(
        cursor, [](const protocol::Row&) { return true; }, ec);
    CHECK(ec);
  }
}

TEST_CASE("sqlite_store: it can be moved, also in the middle of a transaction") {
  const ScratchDirectory directory;
  SqliteStore first{{.path = path_in(directory)}};
  put(first, "a", 1, 1);
  SqliteStore second = std::move(first);
  put(second, "a", 2, 2);
  commit(second);
  CHECK(stored(second, "*") == Entries{{"a", 1, 1}, {"a", 2, 2}});
}

TEST_CASE("sqlite_store: every dialogue of the case file gets the same replies") {
  for (const Dialogue& dialogue : server_dialogues()) {
    CAPTURE(dialogue.name);
    const ScratchDirectory directory;
    SqliteStore store{{.path = path_in(directory)}};
    std::map<std::string, server::MetricsDialogue<SqliteStore>> clients;
    for (const DialogueStep& step : dialogue.steps) {
      CAPTURE(step.send);
      auto& client = clients.try_emplace(step.client, store, server::MetricsLimits{}).first->second;
      std::string reply;
      CHECK(feed(client, store, step.send, reply));
      CHECK(reply == step.reply);
    }
  }
}

TEST_CASE("sqlite_store: replies to puts that could not be stored say so, those before them stay") {
  const ScratchDirectory directory;
  SqliteStore store{{.path = path_in(directory), .max_bytes = 65536}};
  server::MetricsDialogue dialogue{store, server::MetricsLimits{}};
  std::string requests = "get a\nput a 1 1\nget a\nwrong\n";
  for (int i = 0; i < 300; ++i) requests += "put k" + std::string(200, 'x') + std::to_string(i) + " 1 1\n";
  std::string replies;
  CHECK(feed(dialogue, store, requests, replies));
  std::string expected = "ok\n\n";
  for (int i = 0; i < 303; ++i) expected += "error\nnot stored: database or disk is full\n\n";
  CHECK(replies == expected);
  replies.clear();
  CHECK(feed(dialogue, store, "put a 1 1\nget *\n", replies));
  CHECK(replies == "ok\n\nok\na 1.0 1\n\n");
}
