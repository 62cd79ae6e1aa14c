#include "statwire/protocol/statsd_parse.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"

namespace {

using namespace std::string_view_literals;
using statwire::protocol::MetricType;
using statwire::protocol::StatsdSample;

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Parsed {
  std::vector<StatsdSample> samples;  // point into the line
  std::size_t bad = 0;
};

Parsed parsed(std::string_view line) {
  Parsed result;
  result.bad = statwire::protocol::parse_statsd_line(
      line, [&](const StatsdSample& sample) { result.samples.push_back(sample); });
  return result;
}

/// Parses a copy whose every byte beyond the end is out of bounds, so that the sanitizer sees a read of it.
/// Checks what holds for all lines: each part is a sample or bad, and samples point into the line.
Parsed parsed_anything(std::string_view line) {
  static std::vector<char> exact;
  exact = std::vector<char>(line.begin(), line.end());
  const std::string_view copy{exact.data(), exact.size()};
  Parsed result = parsed(copy);
  const std::string_view untagged = copy.substr(0, copy.find("|#"));
  const auto colons = static_cast<std::size_t>(std::count(untagged.begin(), untagged.end(), ':'));
  CHECK(result.samples.size() + result.bad == std::max<std::size_t>(colons, 1));
  for (const StatsdSample& sample : result.samples) {
    CHECK(sample.name == copy.substr(0, copy.find(':')));
    CHECK(sample.rate > 0);
    CHECK(sample.text.data() >= copy.data());
    CHECK(sample.text.data() + sample.text.size() <= copy.data() + copy.size());
  }
  return result;
}

}  // namespace

TEST_CASE("statsd_parse: each type is read with its value, sign, rate and tags") {
  struct Case {
    std::string_view line;
    StatsdSample sample;
  };
  const std::vector<Case> cases{
      {"a:1|c", {"a", "1", "", 1, 1, MetricType::counter, false}},
      {"a.b-c_d:-2.5|c|@0.1", {"a.b-c_d", "-2.5", "", -2.5, 0.1, MetricType::counter, true}},
      {"a:42|g", {"a", "42", "", 42, 1, MetricType::gauge, false}},
      {"a:+3|g", {"a", "+3", "", 3, 1, MetricType::gauge, true}},
      {"a:-3|g", {"a", "-3", "", -3, 1, MetricType::gauge, true}},
      {"a:320|ms|@0.5", {"a", "320", "", 320, 0.5, MetricType::timing, false}},
      {"a:+1|ms", {"a", "+1", "", 1, 1, MetricType::timing, true}},
      {"a:0|ms", {"a", "0", "", 0, 1, MetricType::timing, false}},
      {"a:alice|s", {"a", "alice", "", 0, 1, MetricType::set, false}},
      {"a:42|s", {"a", "42", "", 0, 1, MetricType::set, false}},
      {"a:|s", {"a", "", "", 0, 1, MetricType::set, false}},
      {"a:7|h", {"a", "7", "", 7, 1, MetricType::counter, false}},
      {"a:7|", {"a", "7", "", 7, 1, MetricType::counter, false}},
      {"a:7|G", {"a", "7", "", 7, 1, MetricType::counter, false}},
      {":1|c", {"", "1", "", 1, 1, MetricType::counter, false}},
      {"a b/c:1|c", {"a b/c", "1", "", 1, 1, MetricType::counter, false}},
      {"a:1|c|#x:y,z", {"a", "1", "x:y,z", 1, 1, MetricType::counter, false}},
      {"a:1|c|@0.5|#x:1|c", {"a", "1", "x:1|c", 1, 0.5, MetricType::counter, false}},
      {"a:1|c|#", {"a", "1", "", 1, 1, MetricType::counter, false}},
      {"a:1|c|@0.5|ignored", {"a", "1", "", 1, 0.5, MetricType::counter, false}},
      {"a:1| g ", {"a", "1", "", 1, 1, MetricType::gauge, false}},
      {"a:1|ms\r", {"a", "1", "", 1, 1, MetricType::timing, false}},
      {"a:x|s\r", {"a", "x", "", 0, 1, MetricType::set, false}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    const Parsed result = parsed_anything(c.line);
    CHECK(result.bad == 0);
    REQUIRE(result.samples.size() == 1);
    const StatsdSample& sample = result.samples[0];
    CHECK(sample.name == c.sample.name);
    CHECK(sample.text == c.sample.text);
    CHECK(sample.tags == c.sample.tags);
    CHECK(sample.value == c.sample.value);
    CHECK(sample.rate == c.sample.rate);
    CHECK((sample.type == c.sample.type));
    CHECK(sample.has_sign == c.sample.has_sign);
  }
}

TEST_CASE("statsd_parse: values are numbers as a script reads them") {
  struct Case {
    std::string_view text;
    double value;
  };
  const std::vector<Case> cases{
      {"1.0", 1},
      {".5", 0.5},
      {"5.", 5},
      {"1e5", 100000},
      {"1E-1", 0.1},
      {"0x1f", 31},
      {"0X1F", 31},
      {" 5 ", 5},
      {"\t-5", -5},
      {" ", 0},
      {"-0", 0},
      {"+0.0", 0},
      {"007", 7},
      {"Infinity", infinity},
      {"+Infinity", infinity},
      {"1e308", 1e308},
      {"-Infinity", -infinity},
      {"18446744073709551615", 18446744073709551615.0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const std::string line = "a:" + std::string{c.text} + "|g";
    const Parsed result = parsed_anything(line);
    CHECK(result.bad == 0);
    REQUIRE(result.samples.size() == 1);
    CHECK(result.samples[0].value == c.value);
  }
}

TEST_CASE("statsd_parse: what is no value, type or rate is one bad part and no sample") {
  const std::vector<std::string_view> lines{
      "",
      "a",
      "a:",
      "a:1",
      "a:|c",
      "a:|g",
      "a:|ms",
      "a:abc|c",
      "a:1x|c",
      "a:1,5|c",
      "a:nan|c",
      "a:NaN|g",
      "a:inf|c",
      "a:infinity|c",
      "a:INFINITY|c",
      "a:1e400|c",
      "a:1 2|c",
      "a:+-1|c",
      "a:-+1|g",
      "a:--1|c",
      "a:-|c",
      "a:+|g",
      "a:.|c",
      "a:0x|c",
      "a:0x1g|c",
      "a:-0x1f|c",
      "a:0x-1|c",
      "a:1e|c",
      "a:-1|ms",
      "a:-0.001|ms",
      "a:-1|ms\r",
      "a:nan(x)|c",
      "a:1_000|c",
      "a:0x10000000000000000|c",
  };
  for (const std::string_view line : lines) {
    CAPTURE(line);
    const Parsed result = parsed_anything(line);
    CHECK(result.bad == 1);
    CHECK(result.samples.empty());
  }
  CHECK(parsed(std::string_view{}).bad == 1);
  CHECK(parsed_anything("a:1\0|c"sv).bad == 1);
}

TEST_CASE("statsd_parse: of a rate the leading digits and dots count, and the whole must be a number") {
  struct Case {
    std::string_view field;
    double rate;  // 0 when it is bad
  };
  const std::vector<Case> cases{
      {"@0.1", 0.1},  {"@1", 1},       {"@2", 2},    {"@.5", 0.5}, {"@5.", 5},       {"@2e-1", 2},
      {"@0.5 ", 0.5}, {"@0.5\r", 0.5}, {"@1e-5", 1}, {"", 0},      {"0.5", 0},       {"@", 0},
      {"@ ", 0},      {"@0", 0},       {"@0.00", 0}, {"@-1", 0},   {"@+1", 0},       {"@ 1", 0},
      {"@.", 0},      {"@abc", 0},     {"@nan", 0},  {"@0.5x", 0}, {"@.1.2.3", 0},   {"@0x10", 0},
      {"@@1", 0},     {"b", 0},        {"0,456", 0}, {"@0,5", 0},  {"@Infinity", 0}, {"@1e400", 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.field);
    for (const std::string_view type : {"c", "g", "ms", "s"}) {
      const std::string line = "a:1|" + std::string{type} + "|" + std::string{c.field};
      const Parsed result = parsed_anything(line);
      CHECK(result.bad == (c.rate == 0 ? 1 : 0));
      if (c.rate != 0) {
        REQUIRE(result.samples.size() == 1);
        CHECK(result.samples[0].rate == c.rate);
      } else {
        CHECK(result.samples.empty());
      }
    }
  }
}

TEST_CASE("statsd_parse: a line may hold several values, and a bad one costs nothing but itself") {
  const Parsed result = parsed("a:1|c:x|c:2|ms|@0.5::-3|g:-1|ms:bob|s:4|#t:u");
  CHECK(result.bad == 4);
  REQUIRE(result.samples.size() == 4);
  for (const StatsdSample& sample : result.samples) {
    CHECK(sample.name == "a");
    CHECK(sample.tags == "t:u");
  }
  CHECK((result.samples[0].type == MetricType::counter));
  CHECK(result.samples[0].value == 1);
  CHECK((result.samples[1].type == MetricType::timing));
  CHECK(result.samples[1].value == 2);
  CHECK(result.samples[1].rate == 0.5);
  CHECK((result.samples[2].type == MetricType::gauge));
  CHECK(result.samples[2].value == -3);
  CHECK(result.samples[2].rate == 1);
  CHECK(result.samples[2].has_sign);
  CHECK((result.samples[3].type == MetricType::set));
  CHECK(result.samples[3].text == "bob");
  CHECK(result.samples[3].value == 0);
  CHECK_FALSE(result.samples[3].has_sign);
}

TEST_CASE("statsd_parse: every prefix of a line is read for what it is") {
  constexpr std::string_view line = "ab:12|ms|@0.5|#t";
  // A prefix of so many bytes is legal; the others hold one bad part.
  struct Legal {
    std::size_t size;
    MetricType type;
    double rate;
  };
  const std::vector<Legal> legal{
      {6, MetricType::counter, 1},   {7, MetricType::counter, 1},   {8, MetricType::timing, 1},
      {13, MetricType::timing, 0.5}, {14, MetricType::timing, 0.5}, {15, MetricType::timing, 0.5},
      {16, MetricType::timing, 0.5},
  };
  for (std::size_t size = 0; size <= line.size(); ++size) {
    CAPTURE(size);
    const Parsed result = parsed_anything(line.substr(0, size));
    const auto expected =
        std::find_if(legal.begin(), legal.end(), [&](const Legal& l) { return l.size == size; });
    CHECK(result.bad == (expected == legal.end() ? 1 : 0));
    REQUIRE(result.samples.size() == (expected == legal.end() ? 0 : 1));
    if (expected == legal.end()) continue;
    CHECK((result.samples[0].type == expected->type));
    CHECK(result.samples[0].rate == expected->rate);
    CHECK(result.samples[0].value == 12);
  }
}

TEST_CASE("statsd_parse: a line with one byte changed, added or removed is read without harm") {
  for (const std::string_view line :
       {"ab:12|ms|@0.5|#t:u", "a:-1.5e3|g", "a:0x1f|c:Infinity|c", "k:alice|s|@1"}) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      std::string text{line};
      parsed_anything(text.erase(i, 1));
      for (int byte = 0; byte < 256; ++byte) {
        CAPTURE(byte);
        text = line;
        text[i] = static_cast<char>(byte);
        parsed_anything(text);
        text = line;
        parsed_anything(text.insert(i, 1, static_cast<char>(byte)));
      }
    }
  }
}

TEST_CASE("statsd_parse: random bytes are read without harm") {
  statwire::test::RandomBytes random{6};
  for (int i = 0; i < 20000; ++i) parsed_anything(random.string(48));
}

TEST_CASE("statsd_parse: a datagram is split into lines, empty ones left out") {
  const auto lines = [](std::string_view datagram) {
    std::vector<std::string> result;
    statwire::protocol::for_each_line(datagram, [&](std::string_view line) { result.emplace_back(line); });
    return result;
  };
  using Lines = std::vector<std::string>;
  CHECK(lines("") == Lines{});
  CHECK(lines("\n\n") == Lines{});
  CHECK(lines("a:1|c") == Lines{"a:1|c"});
  CHECK(lines("a:1|c\n") == Lines{"a:1|c"});
  CHECK(lines("\na:1|c\n\nb:2|g\nc") == Lines{"a:1|c", "b:2|g", "c"});
  CHECK(lines("a\r\nb"sv) == Lines{"a\r", "b"});
  CHECK(lines("a\0b\nc"sv) == Lines{std::string{"a\0b"sv}, "c"});
}
