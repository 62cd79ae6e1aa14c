#include "statwire/protocol/metrics_reply.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "support/random_bytes.hpp"
#include "support/splits.hpp"

namespace {

using namespace std::string_view_literals;
using statwire::errc;
using statwire::protocol::ReplyDecoder;
using statwire::protocol::Row;
using statwire::test::cut_at;
using statwire::test::every_split;
using statwire::test::Pieces;
using statwire::test::single_bytes;
using Expected = ReplyDecoder::Expected;
using statwire::protocol::ReplyLimits;

constexpr std::size_t max_line_bytes = ReplyLimits{}.max_line_bytes;

struct Entry {
  std::string key;
  double value;
  std::int64_t timestamp;
  bool operator==(const Entry&) const = default;
};

struct Decoded {
  std::vector<Entry> rows;
  std::error_code error;
  std::string offending_line;
  std::size_t taken = 0;
  bool done = false;
};

Decoded decoded(const Pieces& pieces, Expected expected) {
  ReplyDecoder decoder{expected};
  Decoded result;
  for (const std::string_view piece : pieces) {
    const bool was_done = decoder.done();
    const std::size_t taken = decoder.feed(piece, [&](const Row& row) {
      result.rows.push_back({std::string{row.key}, row.value, row.timestamp});
    });
    if (was_done) CHECK(taken == 0);
    if (!decoder.done()) CHECK(taken == piece.size());
    result.taken += taken;
  }
  result.error = decoder.error();
  result.offending_line = decoder.offending_line();
  result.done = decoder.done();
  return result;
}

std::string row_text(double value) {
  std::string out;
  statwire::protocol::append_row(out, {.key = "k", .value = value, .timestamp = 5});
  return out;
}

}  // namespace

TEST_CASE("metrics_reply: rows are written with Python's floats") {
  std::string out{statwire::protocol::rows_begin};
  statwire::protocol::append_row(out, {.key = "palm.cpu", .value = 10.5, .timestamp = 1501864247});
  statwire::protocol::append_row(out, {.key = "eardrum.cpu", .value = 10, .timestamp = -1});
  out += statwire::protocol::rows_end;
  CHECK(out == "ok\npalm.cpu 10.5 1501864247\neardrum.cpu 10.0 -1\n\n");
  CHECK(row_text(0) == "k 0.0 5\n");
  CHECK(row_text(1e16) == "k 1e+16 5\n");
  CHECK(row_text(0.00001) == "k 1e-05 5\n");
  CHECK(row_text(std::numeric_limits<double>::quiet_NaN()) == "k nan 5\n");
  CHECK(row_text(-std::numeric_limits<double>::infinity()) == "k -inf 5\n");
}

TEST_CASE("metrics_reply: the fixed replies are those of the protocol") {
  CHECK(statwire::protocol::ok_reply == "ok\n\n");
  CHECK(statwire::protocol::error_reply == "error\nwrong command\n\n");
}

TEST_CASE("metrics_reply: a right reply is decoded the same however it is cut") {
  struct Case {
    std::string_view reply;
    Expected expected;
    std::vector<Entry> rows;
  };
  const std::vector<Case> cases{
      {"ok\n\n", Expected::nothing, {}},
      {"ok\n\n", Expected::rows, {}},
      {"ok\npalm.cpu 10.5 1501864247\n\n", Expected::rows, {{"palm.cpu", 10.5, 1501864247}}},
      {"ok\na 2.0 948\na 0.5 948\nb -1e-05 -7\n\n",
       Expected::rows,
       {{"a", 2, 948}, {"a", 0.5, 948}, {"b", -0.00001, -7}}},
      {"ok\n a\t1  +2 \r\n\n", Expected::rows, {{"a", 1, 2}}},
      {"ok\nk inf 9223372036854775807\n\n",
       Expected::rows,
       {{"k", std::numeric_limits<double>::infinity(), std::numeric_limits<std::int64_t>::max()}}},
  };
  for (const Case& c : cases) {
    for (const Pieces& pieces : every_split(c.reply)) {
      CAPTURE(c.reply);
      CAPTURE(pieces.front());
      const Decoded result = decoded(pieces, c.expected);
      CHECK(result.done);
      CHECK_FALSE(result.error);
      CHECK(result.offending_line == "");
      CHECK(result.taken == c.reply.size());
      CHECK(result.rows == c.rows);
    }
  }
}

TEST_CASE("metrics_reply: each kind of wrong reply has its code, with the line that is wrong") {
  struct Case {
    std::string_view reply;
    Expected expected;
    errc error;
    std::string_view line;
    std::size_t rows_before = 0;
  };
  const std::vector<Case> cases{
      {"blablabla\nok\n\n", Expected::rows, errc::unexpected_status, "blablabla"},
      {"OK\n\n", Expected::rows, errc::unexpected_status, "OK"},
      {"ok \n\n", Expected::nothing, errc::unexpected_status, "ok "},
      {"ok\r\n\r\n", Expected::nothing, errc::unexpected_status, "ok\r"},
      {"\nok\n\n", Expected::nothing, errc::unexpected_status, ""},
      {"okay\n\n", Expected::nothing, errc::unexpected_status, "okay"},
      {"ok\na 1 2\n\n", Expected::nothing, errc::unexpected_data, "a 1 2"},
      {"ok\nblablabla\n\n", Expected::nothing, errc::unexpected_data, "blablabla"},
      {"ok\nblablabla\n\n", Expected::rows, errc::wrong_column_count, "blablabla"},
      {"ok\na 1\n\n", Expected::rows, errc::wrong_column_count, "a 1"},
      {"ok\na 1 2 3\n\n", Expected::rows, errc::wrong_column_count, "a 1 2 3"},
      {"ok\na 1 2\nok\n\n", Expected::rows, errc::wrong_column_count, "ok", 1},
      {"ok\n \n\n", Expected::rows, errc::wrong_column_count, " "},
      {"ok\na one 2\n\n", Expected::rows, errc::invalid_number, "a one 2"},
      {"ok\na 1e400 2\n\n", Expected::rows, errc::invalid_number, "a 1e400 2"},
      {"ok\n10.5 palm.cpu 1501864247\n\n", Expected::rows, errc::invalid_number, "10.5 palm.cpu 1501864247"},
      {"ok\na 1 2\na 1 2.5\n\n", Expected::rows, errc::invalid_timestamp, "a 1 2.5", 1},
      {"ok\na 1 9223372036854775808\n\n", Expected::rows, errc::invalid_timestamp, "a 1 9223372036854775808"},
  };
  for (const Case& c : cases) {
    for (const Pieces& pieces : every_split(c.reply)) {
      CAPTURE(c.reply);
      CAPTURE(pieces.front());
      const Decoded result = decoded(pieces, c.expected);
      CHECK(result.done);
      CHECK(result.error == c.error);
      CHECK(result.offending_line == c.line);
      CHECK(result.rows.size() == c.rows_before);
    }
  }
}

TEST_CASE("metrics_reply: a refusal keeps the server's words and takes the whole reply") {
  struct Case {
    std::string_view reply;
    std::string_view words;
  };
  for (const Case& c : {Case{"error\nwrong command\n\n", "wrong command"}, Case{"error\n\n", ""},
                        Case{"error\nfirst\nsecond\n\n", "first"}}) {
    for (const Expected expected : {Expected::nothing, Expected::rows}) {
      for (const Pieces& pieces : every_split(c.reply)) {
        CAPTURE(c.reply);
        const Decoded result = decoded(pieces, expected);
        CHECK(result.done);
        CHECK(result.error == errc::command_refused);
        CHECK(result.offending_line == c.words);
        CHECK(result.taken == c.reply.size());
      }
    }
  }
}

TEST_CASE("metrics_reply: a reply is not done before its last byte") {
  for (const std::string_view reply : {"ok\n\n", "ok\na 1 2\n\n", "error\nwrong command\n\n"}) {
    for (std::size_t size = 0; size < reply.size(); ++size) {
      CAPTURE(reply.substr(0, size));
      CHECK_FALSE(decoded({reply.substr(0, size)}, Expected::rows).done);
    }
  }
}

TEST_CASE("metrics_reply: bytes after the end are not taken") {
  for (const std::string_view reply : {"ok\n\n", "ok\na 1 2\n\n", "error\nwrong command\n\n"}) {
    for (const std::string_view more : {"o", "\n", "ok\na 3 4\n\n"}) {
      const std::string stream = std::string{reply} + std::string{more};
      for (const Pieces& pieces : every_split(stream)) {
        const Decoded result = decoded(pieces, Expected::rows);
        CHECK(result.done);
        CHECK(result.taken == reply.size());
        CHECK(result.rows.size() == (reply == "ok\na 1 2\n\n" ? 1 : 0));
      }
    }
  }
}

TEST_CASE("metrics_reply: a line may be as long as the limit") {
  const std::string key(max_line_bytes - 4, 'k');
  const std::string reply = "ok\n" + key + " 1 2\n\n";
  for (const Pieces& pieces :
       {Pieces{reply}, single_bytes(reply), cut_at(reply, 4), cut_at(reply, reply.size() - 2)}) {
    const Decoded result = decoded(pieces, Expected::rows);
    CHECK_FALSE(result.error);
    REQUIRE(result.rows.size() == 1);
    CHECK(result.rows[0].key == key);
  }
}

TEST_CASE("metrics_reply: a longer line is an error, with its beginning, whether or not it ends") {
  const std::string key = "begin" + std::string(max_line_bytes - 5 - 3, 'k');
  for (const std::string& reply :
       {"ok\na 1 2\n" + key + " 1 2\n\n", "ok\na 1 2\n" + key + " 1 2", key + key}) {
    const std::size_t begin = reply.find("begin");
    for (const Pieces& pieces :
         {Pieces{reply}, single_bytes(reply), cut_at(reply, begin), cut_at(reply, begin + 1),
          cut_at(reply, begin + 64), cut_at(reply, begin + max_line_bytes)}) {
      const Decoded result = decoded(pieces, Expected::rows);
      CHECK(result.done);
      CHECK(result.error == errc::reply_too_long);
      CHECK(result.offending_line == "begin" + std::string(59, 'k'));
      CHECK(result.rows.size() == (begin == 0 ? 0 : 1));
    }
  }
}

TEST_CASE("metrics_reply: a reply may have as many bytes and rows as the limits say, and no more") {
  const std::string reply = "ok\na 1 2\nb 3 4\n\n";
  const std::size_t size = reply.size();
  struct Case {
    ReplyLimits limits;
    std::size_t rows;  ///< That are given out before the error.
    std::string offending_line;
  };
  const std::vector<Case> cases{{{.max_reply_bytes = size, .max_rows = 2}, 2, ""},
                                {{.max_rows = 1}, 1, "b 3 4"},
                                {{.max_rows = 0}, 0, "a 1 2"},
                                {{.max_reply_bytes = size - 1}, 2, ""},
                                {{.max_reply_bytes = size - 2}, 1, "b 3 4"},
                                {{.max_reply_bytes = 3}, 0, "a 1 2"},
                                {{.max_reply_bytes = 0}, 0, "ok"}};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    for (const Pieces& pieces : {Pieces{reply}, single_bytes(reply)}) {
      ReplyDecoder decoder{Expected::rows, cases[i].limits};
      std::size_t rows = 0;
      for (const std::string_view piece : pieces) decoder.feed(piece, [&](const Row&) { ++rows; });
      CHECK(decoder.done());
      CHECK(decoder.error() == (i == 0 ? std::error_code{} : make_error_code(errc::reply_too_large)));
      CHECK(rows == cases[i].rows);
      CHECK(cases[i].offending_line.starts_with(decoder.offending_line()));
    }
  }
}

TEST_CASE("metrics_reply: a row is read the same whether it is plain or written unusually") {
  struct Case {
    std::string_view row;
    Entry entry;
  };
  const std::vector<Case> cases{{"k 1.5 7", {"k", 1.5, 7}},
                                {"k\t1.5  7", {"k", 1.5, 7}},
                                {" k +1.5 +7 ", {"k", 1.5, 7}},
                                {"k -0.25 -7\r", {"k", -0.25, -7}},
                                {"\xc3\xa9 1e3 0", {"\xc3\xa9", 1000, 0}}};
  for (const Case& wanted : cases) {
    const Decoded result = decoded({"ok\n" + std::string{wanted.row} + "\n\n"}, Expected::rows);
    CHECK_FALSE(result.error);
    CHECK(result.rows == std::vector<Entry>{wanted.entry});
  }
  for (const std::string_view row : {"k nan(1) 2", "k 1 2 3", "k  1", "k 1", "k", " 1 2", "k\t1 2 3"}) {
    CHECK(decoded({"ok\n" + std::string{row} + "\n\n"}, Expected::rows).error);
  }
}

TEST_CASE("metrics_reply: random replies are decoded the same whole and byte by byte") {
  statwire::test::RandomBytes random{9};
  for (int i = 0; i < 5000; ++i) {
    const std::string reply = (random.up_to(2) == 0 ? "" : "ok\n") + random.string(40) + "\na 1 2\n\n";
    CAPTURE(reply);
    const Decoded whole = decoded({reply}, Expected::rows);
    const Decoded bytes = decoded(single_bytes(reply), Expected::rows);
    CHECK(whole.done == bytes.done);
    CHECK(whole.error == bytes.error);
    CHECK(whole.offending_line == bytes.offending_line);
    CHECK(whole.taken == bytes.taken);
    CHECK(whole.rows.size() == bytes.rows.size());
  }
}
