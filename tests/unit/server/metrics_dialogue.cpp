#include "statwire/server/metrics_dialogue.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/server/memory_store.hpp"
#include "support/dialogue.hpp"
#include "support/random_bytes.hpp"
#include "support/splits.hpp"

namespace {

using statwire::server::DialogueState;
using statwire::server::MemoryStore;
using statwire::server::MetricsDialogue;
using statwire::test::every_split;
using statwire::test::feed;
using statwire::test::Pieces;

constexpr std::size_t limit = 64;

/// What a dialogue over a store of its own answers to the pieces.
std::string answers(const Pieces& pieces) {
  MemoryStore store;
  MetricsDialogue dialogue{store, {.max_line_bytes = limit}};
  std::string out;
  for (const std::string_view piece : pieces) {
    if (!feed(dialogue, store, piece, out)) return out + "(closed)";
  }
  return out;
}

}  // namespace

TEST_CASE("metrics_dialogue: requests are answered in order however they are cut") {
  constexpr std::string_view stream =
      "get *\n"
      "put palm.cpu 10.5 1501864247\n"
      "put eardrum.cpu 10 1501864250\r\n"
      "got palm.cpu\n"
      " put  palm.cpu 0.00001 1501864246 \n"
      "get palm.cpu \n"
      "put palm.cpu 10.5\n"
      "put palm.cpu 11 1501864247\n"
      "get none\n"
      "get *\n"
      "get unfinished";
  constexpr std::string_view replies =
      "ok\n\n"
      "ok\n\n"
      "ok\n\n"
      "error\nwrong command\n\n"
      "ok\n\n"
      "ok\npalm.cpu 1e-05 1501864246\npalm.cpu 10.5 1501864247\n\n"
      "error\nwrong command\n\n"
      "ok\n\n"
      "ok\n\n"
      "ok\npalm.cpu 1e-05 1501864246\npalm.cpu 11.0 1501864247\neardrum.cpu 10.0 1501864250\n\n";
  for (const Pieces& pieces : every_split(stream)) {
    CAPTURE(pieces.front());
    CHECK(answers(pieces) == replies);
  }
}

TEST_CASE("metrics_dialogue: a request is not answered before its line feed") {
  MemoryStore store;
  MetricsDialogue dialogue{store, {.max_line_bytes = limit}};
  std::string out;
  CHECK(feed(dialogue, store, "put a 1", out));
  CHECK(feed(dialogue, store, " 5", out));
  CHECK(out.empty());
  CHECK(feed(dialogue, store, "\n", out));
  CHECK(out == "ok\n\n");
}

TEST_CASE("metrics_dialogue: a command that ends with two line feeds has one reply, a lone one an error") {
  CHECK(answers({"get wrong command test\n\n"}) == "error\nwrong command\n\n");
  CHECK(answers({"get a\n\n", "get b\n\n"}) == "ok\n\nok\n\n");
  CHECK(answers({"\n"}) == "error\nwrong command\n\n");
}

TEST_CASE("metrics_dialogue: what it answers is appended") {
  MemoryStore store;
  MetricsDialogue dialogue{store, {.max_line_bytes = limit}};
  std::string out = "earlier;";
  CHECK(feed(dialogue, store, "get a\n", out));
  CHECK(feed(dialogue, store, "wrong\n", out));
  CHECK(out == "earlier;ok\n\nerror\nwrong command\n\n");
}

TEST_CASE("metrics_dialogue: clients share the store, but not their unfinished lines") {
  MemoryStore store;
  MetricsDialogue first{store, {.max_line_bytes = limit}};
  MetricsDialogue second{store, {.max_line_bytes = limit}};
  std::string to_first;
  std::string to_second;
  CHECK(feed(first, store, "put k 0.25", to_first));
  CHECK(feed(second, store, "put k 2.156 2\nget k\n", to_second));
  CHECK(to_second == "ok\n\nok\nk 2.156 2\n\n");
  CHECK(feed(first, store, " 1\nget k\n", to_first));
  CHECK(to_first == "ok\n\nok\nk 0.25 1\nk 2.156 2\n\n");
}

TEST_CASE("metrics_dialogue: a line may be as long as the limit, a longer one is an error and the end") {
  const std::string fits = "put " + std::string(limit - 8, 'k') + " 1 2";
  REQUIRE(fits.size() == limit);
  const std::string line = fits + "\n";
  for (const Pieces& pieces : every_split(line)) {
    CHECK(answers(pieces) == "ok\n\n");
  }
  const std::string long_line = "get a\n" + fits + "3\nget a\n";
  for (const Pieces& pieces : every_split(long_line)) {
    CHECK(answers(pieces) == "ok\n\nerror\nline too long (limit 64 bytes)\n\n(closed)");
  }
}

TEST_CASE("metrics_dialogue: nothing of a line that is too long is stored") {
  MemoryStore store;
  MetricsDialogue dialogue{store, {.max_line_bytes = 12}};
  std::string out;
  CHECK_FALSE(feed(dialogue, store, "put a 1 234567\n", out));
  CHECK(store.series_count() == 0);
}

TEST_CASE("metrics_dialogue: any bytes have as many whole replies as they have lines") {
  statwire::test::RandomBytes random{13};
  for (int i = 0; i < 5000; ++i) {
    // Each byte by itself, so that every line feed ends a request.
    const std::string stream = random.string(limit - 1) + "\nput a b c\n";
    std::string expected;
    for (const char c : stream) {
      if (c == '\n') expected += "error\nwrong command\n\n";
    }
    CAPTURE(stream);
    CHECK(answers(statwire::test::single_bytes(stream)) == expected);
  }
}

TEST_CASE("metrics_dialogue: it pauses when there is enough to send, and goes on where it stopped") {
  MemoryStore store;
  std::error_code ec;
  for (int i = 0; i < 1000; ++i) store.put("key", 1, i, ec);  // some 10 KB a reply
  MetricsDialogue dialogue{store, {.max_line_bytes = limit}};
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "get key\n";
  requests += "wrong\n";
  dialogue.give(requests);
  std::string replies;
  CHECK((dialogue.answer(replies) == DialogueState::has_more));
  CHECK(replies.size() >= 65536);
  CHECK(replies.size() < 65536 + limit);

  std::string rest;
  const std::string one_reply = replies.substr(0, replies.find("\n\n") + 2);
  while (dialogue.answer(rest) == DialogueState::has_more) {
    replies += rest;
    rest.clear();
  }
  replies += rest;
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += one_reply;
  CHECK(replies == expected + "error\nwrong command\n\n");
}
