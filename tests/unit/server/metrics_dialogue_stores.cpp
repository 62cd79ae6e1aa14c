// The dialogue over stores that have much to read, that fail, and that commit.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/server/memory_store.hpp"
#include "statwire/server/metrics_dialogue.hpp"
#include "support/dialogue.hpp"
#include "support/faulty_store.hpp"
#include "support/stored.hpp"

namespace {

using statwire::server::DialogueState;
using statwire::server::MemoryStore;
using statwire::server::MetricsDialogue;
using statwire::server::MetricsLimits;
using statwire::test::FaultyStore;
using statwire::test::feed;
using statwire::test::put;

constexpr std::size_t piece_bytes = 65536;
constexpr std::size_t row_bytes = 20;

const std::error_code full = std::make_error_code(std::errc::no_space_on_device);
const std::string full_reply = "error\n" + full.message() + "\n\n";
const std::string not_stored_reply = "error\nnot stored: " + full.message() + "\n\n";

/// Some 30 bytes of reply for each of so many series.
template <class Store>
std::string fill(Store& store, int series) {
  std::string rows;
  for (int i = 0; i < series; ++i) {
    const std::string key = "some.key." + std::to_string(i);
    put(store, key, i, 1501864247);
    rows += key + ' ' + std::to_string(i) + ".0 1501864247\n";
  }
  return rows;
}

/// Answers what was given, and lets `between` act after each piece that is not the last.
template <class Store, class Between>
std::string in_pieces(MetricsDialogue<Store>& dialogue, Between&& between) {
  std::string all;
  for (;;) {
    std::string piece;
    const DialogueState state = dialogue.answer(piece);
    CHECK(piece.size() < piece_bytes + 2 * row_bytes + 10);
    all += piece;
    if (state != DialogueState::has_more) return all;
    between();
  }
}

}  // namespace

TEST_CASE("metrics_dialogue: a long reply comes in pieces, and is the same as in one") {
  MemoryStore store;
  const std::string rows = fill(store, 20'000);
  MetricsDialogue dialogue{store, {}};
  dialogue.give("get *\nwrong\nget some.key.7\n");
  int pieces = 1;
  const std::string replies = in_pieces(dialogue, [&] {
    ++pieces;
    put(store, "new." + std::to_string(pieces), 1, 1);  // another client does not wait
  });
  CHECK(replies == "ok\n" + rows + "\nerror\nwrong command\n\nok\nsome.key.7 7.0 1501864247\n\n");
  CHECK(static_cast<std::size_t>(pieces) == replies.size() / piece_bytes + 1);
}

TEST_CASE("metrics_dialogue: what it keeps outlives the bytes that it was given, also if kept twice") {
  MemoryStore store;
  fill(store, 5000);
  MetricsDialogue dialogue{store, {}};
  std::string expected;
  REQUIRE(feed(dialogue, store, "get *\n", expected));
  std::string requests = "get *\nget *\nput a 1 2\nget a\nput half";
  dialogue.give(requests);
  std::string first;
  REQUIRE((dialogue.answer(first) == DialogueState::has_more));
  dialogue.keep_rest();
  std::fill(requests.begin(), requests.end(), '#');
  const std::string rest = in_pieces(dialogue, [&] { dialogue.keep_rest(); });
  CHECK(first + rest == expected + expected + "ok\n\nok\na 1.0 2\n\n");
  std::string last;
  CHECK(feed(dialogue, store, ".b 1 2\n", last));
  CHECK(last == "ok\n\n");
  CHECK(store.contains("half.b"));
}

TEST_CASE("metrics_dialogue: puts of new keys beyond the limit are refused, of known ones not") {
  MemoryStore store;
  MetricsDialogue dialogue{store, {.max_series = 2}};
  std::string replies;
  CHECK(feed(dialogue, store, "put a 1 1\nput b 1 1\nput c 1 1\nput a 1 2\nget c\nget a\n", replies));
  CHECK(replies == "ok\n\nok\n\nerror\ntoo many series (limit 2)\n\nok\n\nok\n\nok\na 1.0 1\na 1.0 2\n\n");
  CHECK(store.series_count() == 2);
}

TEST_CASE("metrics_dialogue: a put that the store refuses is answered with its error, on one line") {
  FaultyStore store;
  MetricsDialogue dialogue{store, {}};
  store.put_error = full;
  std::string replies;
  CHECK(feed(dialogue, store, "put a 1 1\nput a 1 1\n", replies));
  CHECK(replies == full_reply + full_reply);
  CHECK(std::count(full_reply.begin(), full_reply.end(), '\n') == 3);
}

TEST_CASE("metrics_dialogue: a reading that fails is answered with the error while nothing of it was sent") {
  FaultyStore store;
  fill(store, 10);
  store.has_puts = false;
  store.read_error = full;
  store.rows_before_error = 3;
  MetricsDialogue dialogue{store, {}};
  std::string replies;
  CHECK(feed(dialogue, store, "get nobody\nget *\nget nobody\n", replies));
  CHECK(replies == "ok\n\n" + full_reply + "ok\n\n");
}

TEST_CASE("metrics_dialogue: a reading that fails later ends the connection in the middle of the reply") {
  FaultyStore store;
  const std::string rows = fill(store, 5000);
  store.has_puts = false;
  MetricsDialogue dialogue{store, {}};
  dialogue.give("get *\nget *\n");
  std::string replies;
  REQUIRE((dialogue.answer(replies) == DialogueState::has_more));
  CHECK(("ok\n" + rows).starts_with(replies));
  store.read_error = full;
  replies.clear();
  CHECK((dialogue.answer(replies) == DialogueState::is_broken));
  CHECK(replies.empty());
}

TEST_CASE("metrics_dialogue: replies that rest on puts wait for the commit, those before them do not") {
  FaultyStore store;
  put(store.memory, "a", 1, 1);
  MetricsDialogue dialogue{store, {}};
  std::string replies;
  dialogue.give("get a\nwrong\n");
  CHECK((dialogue.answer(replies) == DialogueState::needs_bytes));
  CHECK_FALSE(dialogue.is_uncommitted());
  dialogue.give("get a\nput a 2 2\nget a\nwrong\n");
  replies.clear();
  dialogue.answer(replies);
  CHECK(dialogue.is_uncommitted());
  CHECK(replies == "ok\na 1.0 1\n\nok\n\nok\na 1.0 1\na 2.0 2\n\nerror\nwrong command\n\n");

  SUBCASE("a commit that succeeds leaves them as they are") {
    dialogue.committed();
    CHECK_FALSE(dialogue.is_uncommitted());
  }
  SUBCASE("one that fails takes back each of them") {
    CHECK(dialogue.not_stored(replies, full));
    CHECK(replies == "ok\na 1.0 1\n\n" + not_stored_reply + not_stored_reply + not_stored_reply);
    CHECK_FALSE(dialogue.is_uncommitted());
  }
}

TEST_CASE("metrics_dialogue: a get is uncommitted when another client's put is") {
  FaultyStore store;
  MetricsDialogue writer{store, {}};
  MetricsDialogue reader{store, {}};
  std::string to_writer;
  std::string to_reader;
  writer.give("put a 1 1\n");
  writer.answer(to_writer);
  reader.give("get a\n");
  reader.answer(to_reader);
  CHECK(reader.is_uncommitted());
  CHECK(reader.not_stored(to_reader, full));
  CHECK(to_reader == not_stored_reply);
}

TEST_CASE("metrics_dialogue: a long reply that began with an uncommitted put can be taken back whole") {
  FaultyStore store;
  fill(store, 5000);
  MetricsDialogue dialogue{store, {}};
  dialogue.give("put a 1 1\nget *\nput b 1 1\n");
  std::string replies;
  REQUIRE((dialogue.answer(replies) == DialogueState::has_more));
  CHECK(dialogue.not_stored(replies, full));
  CHECK(replies == not_stored_reply + not_stored_reply);
  store.has_puts = false;
  replies.clear();
  CHECK((dialogue.answer(replies) == DialogueState::needs_bytes));
  CHECK(replies == "ok\n\n");  // to the put of b: nothing is left of the get
}

TEST_CASE("metrics_dialogue: a reply whose beginning was sent cannot be taken back") {
  FaultyStore store;
  fill(store, 5000);
  store.has_puts = false;
  MetricsDialogue dialogue{store, {}};
  dialogue.give("get *\n");
  std::string replies;
  REQUIRE((dialogue.answer(replies) == DialogueState::has_more));
  REQUIRE_FALSE(dialogue.is_uncommitted());
  store.has_puts = true;  // of another client
  replies.clear();
  dialogue.answer(replies);
  CHECK(dialogue.is_uncommitted());
  CHECK_FALSE(dialogue.not_stored(replies, full));
  CHECK(replies.empty());
}

TEST_CASE("metrics_dialogue: a line that is too long is named also when the puts before it are lost") {
  FaultyStore store;
  store.commit_error = full;
  MetricsDialogue dialogue{store, {.max_line_bytes = 20}};
  std::string replies;
  CHECK_FALSE(feed(dialogue, store, "put a 1 1\n" + std::string(21, 'x'), replies));
  CHECK(replies == not_stored_reply + "error\nline too long (limit 20 bytes)\n\n");
}
