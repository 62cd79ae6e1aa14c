#include "statwire/protocol/metrics_request.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"
#include "support/splits.hpp"

namespace {

using namespace std::string_view_literals;
using statwire::protocol::is_valid_key;
using statwire::protocol::parse_request;
using statwire::protocol::Request;
using statwire::protocol::RequestReader;
using statwire::test::every_split;
using statwire::test::Pieces;
using statwire::test::single_bytes;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string put_line(std::string_view key, double value, std::int64_t timestamp) {
  std::string out = "before;";
  statwire::protocol::append_put(out, key, value, timestamp);
  return out;
}

using Lines = std::vector<std::string>;

struct Cut {
  Lines lines;
  bool in_step = true;
};

Cut cut(const Pieces& pieces, std::size_t max_line_bytes) {
  RequestReader reader{max_line_bytes};
  Cut result;
  for (const std::string_view piece : pieces) {
    reader.give(piece);
    while (const auto line = reader.next()) result.lines.emplace_back(*line);
    result.in_step = !reader.is_too_long();
  }
  return result;
}

}  // namespace

TEST_CASE("metrics_request: a key has no white space and no control character, and is not empty") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const bool valid = byte > 32 && byte != 127;
    CHECK(is_valid_key(std::string(1, static_cast<char>(byte))) == valid);
    CHECK(is_valid_key("a" + std::string(1, static_cast<char>(byte)) + "b") == valid);
    CHECK(is_valid_key("ab" + std::string(1, static_cast<char>(byte))) == valid);
  }
  CHECK_FALSE(is_valid_key(""));
  CHECK(is_valid_key("*"));
  CHECK(is_valid_key("\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87"));
}

TEST_CASE("metrics_request: a put is appended with its value shortest") {
  constexpr std::int64_t time = 1642667947;
  CHECK(put_line("huginn.cpu", 0.5, time) == "before;put huginn.cpu 0.5 1642667947\n");
  CHECK(put_line("load", 301, 3) == "before;put load 301 3\n");
  CHECK(put_line("k", 42000000, -1) == "before;put k 42000000 -1\n");
  CHECK(put_line("k", -0.0, 0) == "before;put k 0 0\n");
  CHECK(put_line("k", 1e16, 1) == "before;put k 1e+16 1\n");
  CHECK(put_line("k", 0.00001, 1) == "before;put k 1e-05 1\n");
  CHECK(put_line("k", 1, std::numeric_limits<std::int64_t>::min()) ==
        "before;put k 1 -9223372036854775808\n");
}

TEST_CASE("metrics_request: a get is appended with its key or the star") {
  std::string out;
  statwire::protocol::append_get(out, "huginn.cpu");
  statwire::protocol::append_get(out, statwire::protocol::all_keys);
  CHECK(out == "get huginn.cpu\nget *\n");
}

TEST_CASE("metrics_request: puts are parsed with blanks anywhere and numbers in every legal form") {
  struct Case {
    std::string_view line;
    double value;
    std::int64_t timestamp;
  };
  const std::vector<Case> cases{
      {"put key 0.5 1642667947", 0.5, 1642667947},
      {"put key 10 1", 10, 1},
      {"put key 10 1\r", 10, 1},
      {" \tput  key\t1e-05 \v\f +7 \r", 0.00001, 7},
      {"put key -0.5 -3", -0.5, -3},
      {"put key +5 9223372036854775807", 5, std::numeric_limits<std::int64_t>::max()},
      {"put key inf 1", infinity, 1},
      {"put key -Infinity 1", -infinity, 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    const Request request = parse_request(c.line);
    CHECK((request.kind == Request::Kind::put));
    CHECK(request.key == "key");
    CHECK(request.key.data() == c.line.data() + c.line.find("key"));
    CHECK(request.value == c.value);
    CHECK(request.timestamp == c.timestamp);
  }
  const Request not_a_number = parse_request("put key nan 1");
  CHECK((not_a_number.kind == Request::Kind::put));
  CHECK(std::isnan(not_a_number.value));
}

TEST_CASE("metrics_request: gets are parsed with blanks anywhere") {
  for (const std::string_view line : {"get key", "get key ", " get\tkey\r", "\v\fget   key"}) {
    CAPTURE(line);
    const Request request = parse_request(line);
    CHECK((request.kind == Request::Kind::get));
    CHECK(request.key == "key");
  }
  CHECK(parse_request("get *").key == "*");
  CHECK(parse_request("get put").key == "put");
}

TEST_CASE("metrics_request: every other line is malformed") {
  for (const std::string_view line : {""sv,
                                      " \t\r"sv,
                                      "get"sv,
                                      "get "sv,
                                      "get a b"sv,
                                      "get a b c"sv,
                                      "got a"sv,
                                      "GET a"sv,
                                      "Get a"sv,
                                      "geta"sv,
                                      "put"sv,
                                      "put a"sv,
                                      "put a 1"sv,
                                      "put a 1 2 3"sv,
                                      "put a 1 2 3 4"sv,
                                      "PUT a 1 2"sv,
                                      "put a x 1"sv,
                                      "put a 1 x"sv,
                                      "put a 1 2.5"sv,
                                      "put a 1 1e3"sv,
                                      "put a 1e400 1"sv,
                                      "put a 1_0 1"sv,
                                      "put a 0x10 1"sv,
                                      "put a 1 9223372036854775808"sv,
                                      "put a nan(1) 1"sv,
                                      "get a\0"sv,
                                      "get \x7f"sv,
                                      "put a\x01 1 2"sv,
                                      "get\0a"sv,
                                      "del a"sv,
                                      "get a\nget b"sv}) {
    CAPTURE(line);
    const Request request = parse_request(line);
    CHECK((request.kind == Request::Kind::malformed));
    CHECK(request.key.empty());
  }
  CHECK((parse_request(std::string_view{}).kind == Request::Kind::malformed));
}

TEST_CASE("metrics_request: what was appended parses back exactly") {
  statwire::test::RandomBytes random{7};
  for (int i = 0; i < 5000; ++i) {
    const auto value = static_cast<double>(static_cast<std::int64_t>(random.bits())) / 4096;
    const auto timestamp = static_cast<std::int64_t>(random.bits());
    std::string line;
    statwire::protocol::append_put(line, "k\xc3\xa9y/1", value, timestamp);
    REQUIRE(line.back() == '\n');
    line.pop_back();
    const Request request = parse_request(line);
    CAPTURE(line);
    CHECK((request.kind == Request::Kind::put));
    CHECK(request.key == "k\xc3\xa9y/1");
    CHECK(request.value == value);
    CHECK(request.timestamp == timestamp);
  }
}

TEST_CASE("metrics_request: random lines are parsed without harm") {
  statwire::test::RandomBytes random{8};
  for (int i = 0; i < 20000; ++i) {
    const std::string line = (random.up_to(1) == 0 ? "put k " : "get ") + random.string(24);
    const Request request = parse_request(line);
    if (request.kind != Request::Kind::malformed) CHECK(is_valid_key(request.key));
  }
}

TEST_CASE("metrics_request: the reader finds the same lines however the stream is cut") {
  constexpr std::string_view stream = "put a 1 2\nget a\r\n \nx\0y\nget *\nunfinished"sv;
  const Lines lines{"put a 1 2", "get a\r", " ", std::string{"x\0y"sv}, "get *"};
  for (const Pieces& pieces : every_split(stream)) {
    const Cut result = cut(pieces, 64);
    CAPTURE(pieces.front());
    CHECK(result.in_step);
    CHECK(result.lines == lines);
  }
}

TEST_CASE("metrics_request: line feeds that follow a line in its own piece belong to it") {
  struct Case {
    Pieces pieces;
    Lines lines;
  };
  const std::vector<Case> cases{
      {{"get a\n\n"}, {"get a"}},
      {{"get a\n\n\n\nget b\n"}, {"get a", "get b"}},
      {{"get a\r\n\r\n"}, {"get a\r"}},
      {{"get a\r\n", "\r\n"}, {"get a\r", "\r"}},
      {{"get", " a\n\n"}, {"get a"}},
      {{"get a", "\n\n"}, {"get a"}},
      {{"get a\n", "\n"}, {"get a", ""}},
      {{"get a\n", "\nget b\n"}, {"get a", "", "get b"}},
      {{"get a\n\n", "\n"}, {"get a", ""}},
      {{"\n"}, {""}},
      {{"\n\n"}, {""}},
      {{"\n\nget a\n"}, {"", "get a"}},
      {{"\n", "\n"}, {"", ""}},
      {{"get a\n", "", "\n"}, {"get a", ""}},
      {{"get a", "", "\n"}, {"get a"}},
      {{"", ""}, {}},
      {single_bytes("get a\n\n"), {"get a", ""}},
  };
  for (const Case& c : cases) {
    CAPTURE(&c - cases.data());
    CHECK(cut(c.pieces, 64).lines == c.lines);
  }
}

TEST_CASE("metrics_request: a cut between two line feeds, and only there, makes an empty request") {
  constexpr std::string_view stream = "put a 1 2\nget a\n\nget *\n";
  constexpr std::size_t between_feeds = 16;
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    CAPTURE(i);
    const Lines expected =
        i == between_feeds ? Lines{"put a 1 2", "get a", "", "get *"} : Lines{"put a 1 2", "get a", "get *"};
    CHECK(cut(statwire::test::cut_at(stream, i), 64).lines == expected);
  }
}

TEST_CASE("metrics_request: a line may be as long as the limit, in any number of pieces") {
  for (const Pieces& pieces : every_split("12345678\nab\n12345678\n")) {
    const Cut result = cut(pieces, 8);
    CHECK(result.in_step);
    CHECK(result.lines == Lines{"12345678", "ab", "12345678"});
  }
}

TEST_CASE("metrics_request: a longer line ends the stream, and nothing of it is reported") {
  for (const std::string_view stream : {"12345678\n123456789\nget a\n", "12345678\n123456789"}) {
    for (const Pieces& pieces : every_split(stream)) {
      const Cut result = cut(pieces, 8);
      CHECK_FALSE(result.in_step);
      CHECK(result.lines == Lines{"12345678"});
    }
  }
}
