#include "statwire/client/metrics_pipeline.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "support/splits.hpp"

namespace {

using namespace statwire;
using client::MetricsPipeline;
using protocol::ReplyLimits;
using test::every_split;
using test::Pieces;

/// Writes down what it is told: `stored 2;` ...
struct Journal {
  void row(const protocol::Row& row) {
    text += "row " + std::string{row.key} + " " + std::to_string(row.timestamp) + ";";
  }
  void got() { text += "got;"; }
  void stored(std::size_t count) { stored_puts += count; }
  void refused(std::string_view words) { text += "refused " + std::string{words} + ";"; }

  std::string text;
  std::size_t stored_puts = 0;
};

void put(MetricsPipeline& pipeline, std::string_view key) {
  std::error_code ec;
  pipeline.put(key, 1, 5, ec);
  REQUIRE_FALSE(ec);
}

void get(MetricsPipeline& pipeline, std::string_view key, const ReplyLimits& limits = {}) {
  std::error_code ec;
  pipeline.get(key, limits, ec);
  REQUIRE_FALSE(ec);
}

}  // namespace

TEST_CASE("metrics pipeline: requests are written in order, and what was written is gone") {
  MetricsPipeline pipeline;
  put(pipeline, "a");
  get(pipeline, "*");
  put(pipeline, "b");
  CHECK(pipeline.unwritten() == "put a 1 5\nget *\nput b 1 5\n");
  CHECK(pipeline.unanswered() == 3);
  pipeline.written(4);
  CHECK(pipeline.unwritten() == "a 1 5\nget *\nput b 1 5\n");
  pipeline.written(22);
  CHECK(pipeline.unwritten().empty());
  put(pipeline, "c");
  CHECK(pipeline.unwritten() == "put c 1 5\n");
}

TEST_CASE("metrics pipeline: a long queue that is written in pieces comes out whole") {
  MetricsPipeline pipeline;
  std::string expected;
  std::string written;
  for (int i = 0; i < 20'000; ++i) {
    put(pipeline, "key" + std::to_string(i));
    expected += "put key" + std::to_string(i) + " 1 5\n";
    if (i % 3 == 0) continue;
    const std::string_view piece = pipeline.unwritten().substr(0, 17);
    written += piece;
    pipeline.written(piece.size());
  }
  while (!pipeline.unwritten().empty()) {
    const std::string_view piece = pipeline.unwritten().substr(0, 5000);
    written += piece;
    pipeline.written(piece.size());
  }
  CHECK(written == expected);
}

TEST_CASE("metrics pipeline: answers belong to requests by their order, however they are cut") {
  const std::string replies =
      "ok\n\nok\n\nok\na 1 5\nb 1 6\n\nerror\nwrong command\n\nok\n\nok\n\nerror\nno\n\nok\n\n";
  for (const Pieces& pieces : every_split(replies)) {
    CAPTURE(pieces.front());
    MetricsPipeline pipeline;
    put(pipeline, "a");
    put(pipeline, "b");
    get(pipeline, "*");
    put(pipeline, "c");
    put(pipeline, "d");
    get(pipeline, "none");
    get(pipeline, "x");
    put(pipeline, "e");
    Journal journal;
    for (const std::string_view piece : pieces) {
      std::error_code ec;
      pipeline.receive(piece, journal, ec);
      CHECK_FALSE(ec);
    }
    CHECK(journal.text == "row a 5;row b 6;got;refused wrong command;got;refused no;");
    CHECK(journal.stored_puts == 4);
    CHECK(pipeline.unanswered() == 0);
  }
}

TEST_CASE("metrics pipeline: requests that were encoded before are matched like others") {
  MetricsPipeline pipeline;
  pipeline.add("put a 1 1\nput b 2 2\n", MetricsPipeline::Expected::nothing, 2);
  pipeline.add("", MetricsPipeline::Expected::nothing, 0);
  pipeline.add("get a\n", MetricsPipeline::Expected::rows, 1);
  CHECK(pipeline.unwritten() == "put a 1 1\nput b 2 2\nget a\n");
  CHECK(pipeline.unanswered() == 3);
  Journal journal;
  std::error_code ec;
  pipeline.receive("ok\n\nok\n\nok\na 1 1\n\n", journal, ec);
  CHECK_FALSE(ec);
  CHECK(journal.stored_puts == 2);
  CHECK(journal.text == "row a 1;got;");
}

TEST_CASE("metrics pipeline: bytes that nobody asked for are an error that names them") {
  Journal journal;
  std::error_code ec;
  MetricsPipeline idle;
  idle.receive("ok\n\n", journal, ec);
  CHECK(ec == errc::unexpected_data);
  CHECK(idle.culprit() == "ok");

  MetricsPipeline pipeline;
  put(pipeline, "a");
  pipeline.receive("ok\n\n" + std::string(100, 'x') + "\n", journal, ec);
  CHECK(ec == errc::unexpected_data);
  CHECK(pipeline.culprit() == std::string(64, 'x'));
  CHECK(journal.stored_puts == 1);
}

TEST_CASE("metrics pipeline: what comes before a bad reply is answered, and the error names the line") {
  MetricsPipeline pipeline;
  for (const char* key : {"a", "b", "c"}) put(pipeline, key);
  Journal journal;
  std::error_code ec;
  pipeline.receive("ok\n\nok\na 1 1\n\nok\n\n", journal, ec);
  CHECK(ec == errc::unexpected_data);
  CHECK(pipeline.culprit() == "a 1 1");
  CHECK(journal.stored_puts == 1);
}

TEST_CASE(
    "metrics pipeline: a server that takes no more connections refuses the connection, not the request") {
  MetricsPipeline pipeline;
  put(pipeline, "a");
  Journal journal;
  std::error_code ec;
  pipeline.receive("error\ntoo many connections (limit 5)\n\n", journal, ec);
  CHECK(ec == errc::too_many_connections);
  CHECK(pipeline.culprit() == "too many connections (limit 5)");
  CHECK(journal.text.empty());
}

TEST_CASE("metrics pipeline: each get has limits of its own") {
  MetricsPipeline pipeline;
  get(pipeline, "a", {.max_rows = 1});
  get(pipeline, "b", {.max_rows = 2});
  get(pipeline, "c", {.max_rows = 1});
  Journal journal;
  std::error_code ec;
  pipeline.receive("ok\na 1 1\n\nok\nb 1 1\nb 1 2\n\n", journal, ec);
  CHECK_FALSE(ec);
  pipeline.receive("ok\nc 1 1\nc 1 2\n\n", journal, ec);
  CHECK(ec == errc::reply_too_large);
  CHECK(pipeline.culprit() == "c 1 2");
}

TEST_CASE("metrics pipeline: a bad key or value is refused, and nothing is added") {
  MetricsPipeline pipeline;
  std::error_code ec;
  pipeline.put("two words", 1, 5, ec);
  CHECK(ec == errc::invalid_key);
  pipeline.put("k", std::numeric_limits<double>::infinity(), 5, ec);
  CHECK(ec == errc::invalid_value);
  pipeline.get("", {}, ec);
  CHECK(ec == errc::invalid_key);
  CHECK(pipeline.unwritten().empty());
  CHECK(pipeline.unanswered() == 0);
}

TEST_CASE("metrics pipeline: after a reset it is as new") {
  MetricsPipeline pipeline;
  put(pipeline, "a");
  get(pipeline, "*");
  pipeline.written(3);
  Journal journal;
  std::error_code ec;
  pipeline.receive("ok\n\nok\nhalf a r", journal, ec);
  pipeline.reset();
  CHECK(pipeline.unwritten().empty());
  CHECK(pipeline.unanswered() == 0);
  get(pipeline, "k");
  pipeline.receive("ok\nk 1 1\n\n", journal, ec);
  CHECK_FALSE(ec);
  CHECK(journal.text == "row k 1;got;");
}
