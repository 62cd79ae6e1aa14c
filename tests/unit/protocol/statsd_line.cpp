#include "statwire/protocol/statsd_line.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/protocol/statsd_parse.hpp"
#include "support/random_bytes.hpp"

namespace {

using namespace std::chrono_literals;
using namespace statwire::protocol;
using statwire::test::RandomBytes;

using Write = std::function<std::size_t(std::span<char>)>;

Write counter(LineHead head, Number value) {
  return [=](std::span<char> out) { return write_counter(out, head, value); };
}
Write gauge(LineHead head, Number value) {
  return [=](std::span<char> out) { return write_gauge(out, head, value); };
}
Write gauge_delta(LineHead head, Number value) {
  return [=](std::span<char> out) { return write_gauge_delta(out, head, value); };
}
Write timing(LineHead head, std::chrono::nanoseconds value) {
  return [=](std::span<char> out) { return write_timing(out, head, value); };
}
Write set(LineHead head, std::string_view member) {
  return [=](std::span<char> out) { return write_set(out, head, member); };
}
Write set(LineHead head, Number member) {
  return [=](std::span<char> out) { return write_set(out, head, member); };
}

struct Case {
  std::string_view bytes;
  Write write;
};

const LineHead plain{.name = "n"};
const LineHead prefixed{.prefix = "app.", .name = "api/users by\tid"};
const LineHead sampled{.name = "n", .rate = 0.1};
const LineHead rare{.name = "n", .rate = 1e-7};

std::vector<Case> cases() {
  return {
      {"n:1|c", counter(plain, 1)},
      {"n:-1|c", counter(plain, -1)},
      {"n:0.5|c", counter(plain, 0.5)},
      {"n:18446744073709551615|c", counter(plain, std::numeric_limits<std::uint64_t>::max())},
      {"n:-9223372036854775808|c", counter(plain, std::numeric_limits<std::int64_t>::min())},
      {"n:10000000000000000000000|c", counter(plain, 1e22)},
      {"app.api-users_by_id:1|c", counter(prefixed, 1)},
      {":1|c", counter({}, 1)},
      {"n:1|c|@0.1", counter(sampled, 1)},
      {"n:1|c|@0.0000001", counter(rare, 1)},
      {"n:1|c", counter({.name = "n", .rate = 2}, 1)},
      {"n:42|g", gauge(plain, 42)},
      {"n:0|g", gauge(plain, -0.0)},
      {"n:3.5|g|@0.1", gauge(sampled, 3.5)},
      {"n:0|g\nn:-5|g", gauge(plain, -5)},
      {"n:0|g\nn:-0.25|g", gauge(sampled, -0.25)},
      {"app.api-users_by_id:0|g\napp.api-users_by_id:-5|g", gauge(prefixed, -5)},
      {"n:+3|g", gauge_delta(plain, 3)},
      {"n:-3|g", gauge_delta(plain, -3)},
      {"n:+0|g", gauge_delta(plain, 0)},
      {"n:+0|g", gauge_delta(plain, -0.0)},
      {"n:-0.5|g|@0.1", gauge_delta(sampled, -0.5)},
      {"n:0|ms", timing(plain, 0ns)},
      {"n:0.25|ms", timing(plain, 250us)},
      {"n:1500|ms|@0.1", timing(sampled, 1500ms)},
      {"app.api-users_by_id:0.000001|ms", timing(prefixed, 1ns)},
      {"n:alice|s", set(plain, "alice")},
      {"n:|s", set(plain, "")},
      {"n:a_s_b_1_c|s|@0.1", set(sampled, "a|s\nb:1|c")},
      {"n:42|s", set(plain, 42)},
      {"n:-0.5|s|@0.1", set(sampled, -0.5)},
  };
}

/// The bytes that a writer writes into a span of `size` bytes; the bytes around the span must not change.
std::string written(const Write& write, std::size_t size) {
  constexpr std::size_t margin = 512;
  std::string buffer(margin + size + margin, '~');
  const std::size_t bytes = write(std::span{buffer}.subspan(margin, size));
  CHECK(buffer.substr(0, margin) == std::string(margin, '~'));
  CHECK(buffer.substr(margin + size) == std::string(margin, '~'));
  REQUIRE(bytes <= size);
  return buffer.substr(margin, bytes);
}

}  // namespace

TEST_CASE("statsd_line: each kind of sample has its literal bytes") {
  for (const Case& c : cases()) CHECK(written(c.write, 8192) == c.bytes);
}

TEST_CASE("statsd_line: a line fits a buffer of its own size and is not written into a smaller one") {
  for (const Case& c : cases()) {
    CAPTURE(c.bytes);
    for (std::size_t size = 0; size < c.bytes.size(); ++size) CHECK(written(c.write, size) == "");
    for (std::size_t more = 0; more <= max_number_chars + 2; ++more) {
      CHECK(written(c.write, c.bytes.size() + more) == c.bytes);
    }
    CHECK(c.write({}) == 0);
  }
}

TEST_CASE("statsd_line: a name of 8192 bytes is written whole or not at all") {
  const std::string name(8192, 'n');
  const LineHead head{.name = name};
  CHECK(written(counter(head, 7), 8192 + 4) == name + ":7|c");
  CHECK(written(counter(head, 7), 8192 + 3) == "");
  CHECK(written(gauge(head, -7), 2 * 8192 + 10) == name + ":0|g\n" + name + ":-7|g");
  CHECK(written(gauge(head, -7), 2 * 8192 + 9) == "");
  CHECK(written(set({.name = "n"}, name), 8192 + 4) == "n:" + name + "|s");
  CHECK(written(set({.name = "n"}, name), 8192 + 3) == "");
}

TEST_CASE("statsd_line: the longest number fits between the longest of everything") {
  const LineHead head{.name = "n", .rate = 5e-324};
  const std::string tiny = "0." + std::string(323, '0') + "5";
  const std::string line = "n:-" + tiny + "|c|@" + tiny;
  CHECK(written(counter(head, -5e-324), line.size()) == line);
  CHECK(written(counter(head, -5e-324), line.size() - 1) == "");
}

namespace {

/// A name or set member as it must arrive: each byte either itself, when it is harmless, or a substitute.
bool is_cleaned(std::string_view clean, std::string_view raw, std::string_view forbidden) {
  if (clean.size() != raw.size()) return false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (forbidden.find(clean[i]) != std::string_view::npos) return false;
    if (clean[i] != raw[i] && clean[i] != '_' && !(raw[i] == '/' && clean[i] == '-')) return false;
  }
  return true;
}

struct ReadBack {
  std::vector<std::string> lines;
  std::vector<StatsdSample> samples;  // point into the bytes
  std::size_t bad = 0;
};

ReadBack read_back(std::string_view bytes) {
  ReadBack result;
  for_each_line(bytes, [&](std::string_view line) {
    result.lines.emplace_back(line);
    result.bad += parse_statsd_line(line, [&](const StatsdSample& s) { result.samples.push_back(s); });
  });
  return result;
}

constexpr std::string_view forbidden_in_names{":|@#,\n\r\t /;=\0", 13};
constexpr std::string_view forbidden_in_members{":|\n\r\t\0", 6};

}  // namespace

TEST_CASE("statsd_line: where there are service checks, no metric begins with _sc") {
  const auto written = [](std::string_view prefix, std::string_view name, const statwire::Profile& profile) {
    char line[64];
    return std::string{line, write_gauge(line, {.prefix = prefix, .name = name, .profile = &profile}, 1)};
  };
  using namespace statwire::profiles;
  CHECK(written("", "_score", dogstatsd) == "-score:1|g");
  CHECK(written("", "|sc|up|0", dogstatsd) == "-sc_up_0:1|g");
  CHECK(written("_scale.", "a", dogstatsd) == "-scale.a:1|g");
  CHECK(written("app.", "_score", dogstatsd) == "app._score:1|g");
  CHECK(written("", "_s", dogstatsd) == "_s:1|g");
  CHECK(written("", "_score", etsy) == "_score:1|g");
}

TEST_CASE("statsd_line: whatever bytes a name holds, a number is one line that reads back exactly") {
  RandomBytes random{2};
  for (int i = 0; i < 4000; ++i) {
    const std::string name = random.string(24);
    const auto value = static_cast<std::int64_t>(random.bits()) >> random.up_to(63);
    const double rate = random.up_to(1) == 0 ? 1 : 0.125;
    const LineHead head{.prefix = "p.", .name = name, .rate = rate};
    const std::string bytes = written(counter(head, value), 1024);
    CAPTURE(bytes);
    const ReadBack read = read_back(bytes);
    REQUIRE(read.lines.size() == 1);
    REQUIRE(read.samples.size() == 1);
    const StatsdSample& sample = read.samples[0];
    CHECK(read.bad == 0);
    CHECK(sample.name.starts_with("p."));
    CHECK(is_cleaned(sample.name.substr(2), name, forbidden_in_names));
    CHECK(sample.type == MetricType::counter);
    CHECK(sample.text == std::to_string(value));
    CHECK(sample.value == static_cast<double>(value));
    CHECK(sample.rate == rate);
    CHECK(sample.tags == "");
  }
}

TEST_CASE("statsd_line: whatever bytes a name holds, a gauge is one line, or two when it is negative") {
  RandomBytes random{3};
  for (int i = 0; i < 4000; ++i) {
    const std::string name = random.string(24);
    const double value = (static_cast<double>(random.up_to(2000)) - 1000) / 8;
    const std::string bytes = written(gauge({.name = name}, value), 1024);
    CAPTURE(bytes);
    const ReadBack read = read_back(bytes);
    REQUIRE(read.lines.size() == (value < 0 ? 2 : 1));
    REQUIRE(read.samples.size() == read.lines.size());
    CHECK(read.bad == 0);
    for (const StatsdSample& sample : read.samples) {
      CHECK(sample.type == MetricType::gauge);
      CHECK(is_cleaned(sample.name, name, forbidden_in_names));
      CHECK(sample.name == read.samples[0].name);
    }
    CHECK(read.samples.back().value == value);
    CHECK(read.samples.back().has_sign == (value < 0));
    if (value < 0) CHECK(read.samples[0].text == "0");
  }
}

TEST_CASE("statsd_line: whatever bytes a set member holds, it is one line that reads back cleaned") {
  RandomBytes random{4};
  for (int i = 0; i < 4000; ++i) {
    const std::string name = random.string(24);
    const std::string member = random.string(40);
    const std::string bytes = written(set({.name = name}, member), 1024);
    CAPTURE(bytes);
    const ReadBack read = read_back(bytes);
    REQUIRE(read.lines.size() == 1);
    REQUIRE(read.samples.size() == 1);
    CHECK(read.bad == 0);
    CHECK(read.samples[0].type == MetricType::set);
    CHECK(is_cleaned(read.samples[0].name, name, forbidden_in_names));
    CHECK(is_cleaned(read.samples[0].text, member, forbidden_in_members));
    CHECK(read.samples[0].tags == "");
  }
}

TEST_CASE("statsd_line: a timing reads back in milliseconds") {
  RandomBytes random{5};
  for (int i = 0; i < 4000; ++i) {
    const std::chrono::nanoseconds duration{static_cast<std::int64_t>(random.bits() >> 12)};
    const std::string bytes = written(timing({.name = "n"}, duration), 64);
    CAPTURE(bytes);
    const ReadBack read = read_back(bytes);
    REQUIRE(read.samples.size() == 1);
    CHECK(read.samples[0].type == MetricType::timing);
    CHECK(read.samples[0].value == static_cast<double>(duration.count()) / 1e6);
  }
}
