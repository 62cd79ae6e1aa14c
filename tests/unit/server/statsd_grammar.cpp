#include "statwire/server/statsd_grammar.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <vector>

#include "support/random_bytes.hpp"

using namespace statwire;
using namespace statwire::server;
using protocol::MetricType;

namespace {

using Read = std::tuple<MetricType, std::string, double, double>;

struct Line {
  std::string name;
  std::string tags;
  std::vector<Read> values;
  std::size_t bad = 0;
};

Line read(std::string_view text, Senders senders = Senders::statsd) {
  Line line;
  line.bad = read_line(
      text, senders,
      [&](std::string_view name, std::string_view tags) {
        line.name = name;
        line.tags = tags;
      },
      [&](const LineValue& value) {
        line.values.emplace_back(value.type, std::string{value.text}, value.value, value.weight);
      });
  return line;
}

std::vector<double> numbers(const Line& line) {
  std::vector<double> values;
  for (const Read& value : line.values) values.push_back(std::get<2>(value));
  return values;
}

}  // namespace

TEST_CASE("statsd grammar: the type is judged with its blanks and used without them") {
  CHECK(read("t:-5|ms").bad == 1);
  CHECK(std::get<0>(read("t:-5|ms ").values.at(0)) == MetricType::timing);
  CHECK(read("u:abc|s").bad == 0);
  CHECK(read("u:abc|s ").bad == 1);
  CHECK(std::get<0>(read("u:1|s ").values.at(0)) == MetricType::set);
}

TEST_CASE("statsd grammar: of a rate all has to be a number, and its first digits count") {
  CHECK(std::get<3>(read("a:1|c|@0.5").values.at(0)) == 2);
  CHECK(std::get<3>(read("a:1|c|@2e-1").values.at(0)) == 0.5);
  CHECK(std::get<3>(read("a:1|c|@0").values.at(0)) == server::detail::infinity);
  CHECK(std::get<3>(read("a:1|c|@0x10").values.at(0)) == server::detail::infinity);
  CHECK(std::get<3>(read("a:1|c|@0.5|x").values.at(0)) == 2);
  for (const char* rate : {"", "0.5", "@", "@.", "@-1", "@1.2.3", "@+1", "@ 1", "@Infinity"}) {
    CAPTURE(rate);
    CHECK(read(std::string{"a:1|c|"} + rate).bad == 1);
  }
}

TEST_CASE("statsd grammar: tags are what follows the first |#, up to the next") {
  const Line line = read("a:1|c|@0.5|#x:y,z|#more");
  CHECK(line.name == "a");
  CHECK(line.tags == "x:y,z");
  CHECK(line.values.size() == 1);
  CHECK(read("a|#b:1|c").bad == 1);
  CHECK(read("a:1|c|#").tags.empty());
}

TEST_CASE("statsd grammar: a client of Datadog packs values, and says what is not to be summed") {
  const auto dogstatsd = [](std::string_view text) { return read(text, Senders::dogstatsd); };
  CHECK(numbers(dogstatsd("a:1:2:3|ms|@0.5|#x:y|c:ci-1|T1700000000")) == std::vector<double>{1, 2, 3});
  CHECK(dogstatsd("a:1:2:3|ms|#x:y|c:ci-1").tags == "x:y");
  CHECK(std::get<3>(dogstatsd("a:1:2|d|@0.5").values.at(1)) == 2);
  CHECK(std::get<0>(dogstatsd("a:1|h").values.at(0)) == MetricType::timing);
  CHECK(std::get<0>(read("a:1|h").values.at(0)) == MetricType::counter);
  CHECK(numbers(dogstatsd("a:1|c|c:ci-12")) == std::vector<double>{1});
  CHECK(numbers(dogstatsd("a:1|c|T1700000000")) == std::vector<double>{1});
  CHECK(numbers(dogstatsd("a:1|c:2|c")) == std::vector<double>{1, 2});
  CHECK(numbers(dogstatsd("a:1::2:|c")) == std::vector<double>{1, 2});
  CHECK(std::get<1>(dogstatsd("a:b:c|s").values.at(0)) == "b:c");
  CHECK(dogstatsd("a:1:x:2|c").bad == 1);
  CHECK(dogstatsd("a::|c").bad == 2);
  CHECK(dogstatsd("a:1:2").bad == 2);
  CHECK(dogstatsd("a").bad == 1);
}

TEST_CASE("statsd grammar: the fast way reads what it reads as the other way does") {
  test::RandomBytes random{5};
  const std::vector<std::string> parts{"1",   "0",  "12.5",  "-3",  "+4",  "1e3", "0x1", ".5", "|c",    "|g",
                                       "|ms", "|s", "|@0.1", "|@1", "|@0", ":",   "|",   " ",  "|#a:b", "c"};
  int fast = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = random.up_to(3) == 0 ? random.string(4) : "name";
    text += ':';
    for (std::size_t count = random.up_to(4); count != 0; --count)
      text += parts[random.up_to(parts.size() - 1)];
    if (text.find('\n') != std::string::npos) continue;
    const auto plain = read_plain_line(text);
    if (!plain || plain->name.find("|#") != std::string_view::npos) continue;
    CAPTURE(text);
    for (const Senders senders : {Senders::statsd, Senders::dogstatsd}) {
      const Line line = read(text, senders);
      REQUIRE(line.bad == 0);
      REQUIRE(line.values.size() == 1);
      CHECK(line.name == plain->name);
      CHECK(line.values[0] ==
            Read{plain->value.type, std::string{plain->value.text}, plain->value.value, plain->value.weight});
    }
    ++fast;
  }
  CHECK(fast > 500);
}
