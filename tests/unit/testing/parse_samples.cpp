#include "statwire/testing/parse_samples.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/protocol/profile.hpp"
#include "support/random_bytes.hpp"

namespace {

using namespace std::string_view_literals;
using namespace statwire;
using namespace statwire::testing;

CapturedLines read(std::string_view datagram, const Profile& profile = profiles::etsy) {
  CapturedLines lines;
  const std::optional<SyntaxFault> fault = parse_samples(datagram, profile, lines);
  CHECK_MESSAGE(!fault, datagram << ": " << (fault ? fault->text() : ""));
  return lines;
}

CapturedSample read_one(std::string_view datagram, const Profile& profile = profiles::etsy) {
  const CapturedLines lines = read(datagram, profile);
  REQUIRE_MESSAGE(lines.samples.size() == 1, datagram);
  return lines.samples[0];
}

std::string fault_of(std::string_view datagram, const Profile& profile = profiles::etsy) {
  CapturedLines lines;
  const std::optional<SyntaxFault> fault = parse_samples(datagram, profile, lines);
  return fault ? fault->text() : "none";
}

struct FaultCase {
  std::string_view datagram;
  std::string_view fault;
};

void check_faults(const Profile& profile, const std::vector<FaultCase>& cases) {
  for (const FaultCase& c : cases) {
    CAPTURE(profile.name);
    CAPTURE(c.datagram);
    CHECK(fault_of(c.datagram, profile) == c.fault);
  }
}

}  // namespace

TEST_CASE("parse_samples: every type, its value as text and as a number") {
  struct Case {
    std::string_view line;
    SampleType type;
    std::string text;
    double number;
  };
  const Case cases[] = {
      {"a.b-c_D9:1|c", SampleType::counter, "1", 1},
      {"a:-2.50|c", SampleType::counter, "-2.50", -2.5},
      {"a:42|g", SampleType::gauge, "42", 42},
      {"a:-5|g", SampleType::gauge, "-5", -5},
      {"a:0.25|ms", SampleType::timing, "0.25", 0.25},
      {"a:-3.5|h", SampleType::histogram, "-3.5", -3.5},
      {"a:7|d", SampleType::distribution, "7", 7},
      {"a:\xc3\xa9 @#,|s", SampleType::set, "\xc3\xa9 @#,", 0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    const CapturedSample sample = read_one(c.line, profiles::dogstatsd);
    CHECK(sample.type == c.type);
    REQUIRE(sample.values.size() == 1);
    CHECK(sample.values[0].text == c.text);
    CHECK(sample.values[0].number == c.number);
    CHECK_FALSE(sample.values[0].is_relative);
    CHECK(sample.tags.empty());
    CHECK(sample.rate == 1);
    CHECK(sample.timestamp == 0);
  }
  CHECK(read_one("a.b-c_D9:1|c").name == "a.b-c_D9");
}

TEST_CASE("parse_samples: a sign makes a gauge relative where the profile has it so") {
  CHECK(read_one("a:+3|g").values[0] == CapturedValue{"+3", 3, true});
  CHECK(read_one("a:-3|g").values[0] == CapturedValue{"-3", -3, true});
  CHECK(read_one("a:3|g").values[0] == CapturedValue{"3", 3, false});
  CHECK(read_one("a:-3|g", profiles::dogstatsd).values[0] == CapturedValue{"-3", -3, false});
  CHECK(read_one("a:-3|c").values[0] == CapturedValue{"-3", -3, false});
}

TEST_CASE("parse_samples: packed values, rate, tags and timestamp") {
  const CapturedSample packed = read_one("a:1:2.5:-3|h|@0.5|#b:2,a", profiles::dogstatsd);
  CHECK(packed.values == std::vector<CapturedValue>{{"1", 1}, {"2.5", 2.5}, {"-3", -3}});
  CHECK(packed.rate == 0.5);
  CHECK(packed.tags == CapturedTags{{"a", ""}, {"b", "2"}});
  const CapturedSample stamped = read_one("a:1|c|#url:http://x y\xc3\xa9|T1700000000", profiles::dogstatsd);
  CHECK(stamped.tags == CapturedTags{{"url", "http://x y\xc3\xa9"}});
  CHECK(stamped.timestamp == 1700000000);
}

TEST_CASE("parse_samples: the tags of every dialect, sorted by key") {
  const CapturedTags tags{{"code", "200"}, {"route", "/a"}};
  CHECK(read_one("hits:1|c|@0.1|#route:/a,code:200", profiles::etsy).tags == tags);
  CHECK(read_one("hits,route=/a,code=200:1|c|@0.1", profiles::telegraf).tags == tags);
  CHECK(read_one("hits;route=/a;code=200:1|c|@0.1", profiles::graphite).tags == tags);
  CHECK(read_one("hits[route=/a,code=200]:1|c|@0.1", profiles::signalfx).tags == tags);
  CHECK(read_one("hits#route=/a,code=200:1|c|@0.1", profiles::librato).tags == tags);
  for (const std::string_view line :
       {"hits,route=/a:1|c"sv, "hits;route=/a:1|c"sv, "hits[route=/a]:1|c"sv, "hits#route=/a:1|c"sv}) {
    CAPTURE(line);
    CHECK(fault_of(line) == "line 1, at byte 4: expected a byte of a name, or ':' and a value");
  }
}

TEST_CASE("parse_samples: the lines of a datagram, and empty ones where the profile skips them") {
  CHECK(read("a:1|c\nb:2|g", profiles::telegraf).samples.size() == 2);
  CHECK(read("\na:1|c\n\nb:2|g\n\n\n", profiles::etsy).samples.size() == 2);
  check_faults(profiles::telegraf,
               {
                   {"a:1|c\n", "line 2, at byte 0: expected a line that is not empty"},
                   {"a:1|c\n\nb:2|g", "line 2, at byte 0: expected a line that is not empty"},
                   {"", "line 1, at byte 0: expected a line that is not empty"},
               });
  check_faults(profiles::etsy,
               {
                   {"", "line 1, at byte 0: expected a line"},
                   {"\n\n", "line 1, at byte 0: expected a line"},
                   {"a:1|c\nb:2|g\nc", "line 3, at byte 1: expected a byte of a name, or ':' and a value"},
               });
}

TEST_CASE("parse_samples: what comes before a fault is kept") {
  CapturedLines lines;
  REQUIRE(parse_samples("a:1|c\nb:x|c\nc:1|c", profiles::etsy, lines));
  REQUIRE(lines.samples.size() == 1);
  CHECK(lines.samples[0].name == "a");
}

TEST_CASE("parse_samples: a fault in name, value or type says which byte") {
  check_faults(profiles::etsy,
               {
                   {":1|c", "line 1, at byte 0: expected a name of letters, digits, '_', '-' and '.'"},
                   {"a b:1|c", "line 1, at byte 1: expected a byte of a name, or ':' and a value"},
                   {"a\xc3:1|c", "line 1, at byte 1: expected a byte of a name, or ':' and a value"},
                   {"a:1", "line 1, at byte 3: expected '|' and a type"},
                   {"a:|c", "line 1, at byte 2: expected a digit"},
                   {"a:1.|c", "line 1, at byte 4: expected a digit"},
                   {"a:.5|c", "line 1, at byte 2: expected a digit"},
                   {"a:1e5|c", "line 1, at byte 3: expected a digit, or the end of the number"},
                   {"a:nan|c", "line 1, at byte 2: expected a digit"},
                   {"a:-|c", "line 1, at byte 3: expected a digit"},
                   {"a:-0|c", "line 1, at byte 2: expected a zero without '-'"},
                   {"a:-0.0|g", "line 1, at byte 2: expected a zero without '-'"},
                   {"a:+1|c", "line 1, at byte 2: expected a number without '+'"},
                   {"a:-1|ms", "line 1, at byte 2: expected a number that is not negative"},
                   {"a:1:2|ms", "line 1, at byte 3: expected no more than one value"},
                   {"a:1|c:2|c", "line 1, at byte 4: expected a type that the profile has"},
                   {"a:1|h", "line 1, at byte 4: expected a type that the profile has"},
                   {"a:1|d", "line 1, at byte 4: expected a type that the profile has"},
                   {"a:1|", "line 1, at byte 4: expected a type that the profile has"},
                   {"a:1|C", "line 1, at byte 4: expected a type that the profile has"},
                   {"a:1|c\r", "line 1, at byte 4: expected a type that the profile has"},
                   {"a:|s", "line 1, at byte 2: expected a member"},
                   {"a:b\rc|s", "line 1, at byte 3: expected no control character"},
                   {"a:b:c|s", "line 1, at byte 3: expected a member without ':'"},
                   {"_e{1,1}:a|b", "line 1, at byte 2: expected a byte of a name, or ':' and a value"},
               });
  CHECK(fault_of("a:" + std::string(400, '9') + "|c") ==
        "line 1, at byte 2: expected a number that a double can hold");
  check_faults(profiles::dogstatsd,
               {{"a:+1|g", "line 1, at byte 2: expected a number without '+'"},
                {"a:1:|ms", "line 1, at byte 4: expected a digit"},
                {"a:1:2:x|ms", "line 1, at byte 6: expected a digit"},
                {"a:1:-2|ms", "line 1, at byte 4: expected a number that is not negative"}});
  CHECK(fault_of("a:x|s", profiles::otel) == "line 1, at byte 4: expected a type that the profile has");
  CHECK(fault_of("a:-1|h", profiles::telegraf) ==
        "line 1, at byte 2: expected a number that is not negative");
}

TEST_CASE("parse_samples: a fault in rate, tags or timestamp says which byte") {
  const std::string order =
      "expected the end, or a field of the profile: rate, tags, timestamp, each once and in this order";
  check_faults(
      profiles::etsy,
      {
          {"a:1|c|@0", "line 1, at byte 7: expected a rate above 0, at most 1"},
          {"a:1|c|@1.5", "line 1, at byte 7: expected a rate above 0, at most 1"},
          {"a:1|c|@1e-05", "line 1, at byte 8: expected a digit, or the end of the number"},
          {"a:1|c|@", "line 1, at byte 7: expected a digit"},
          {"a:1|c|", "line 1, at byte 5: " + order},
          {"a:1|c|x", "line 1, at byte 5: " + order},
          {"a:1|c|@0.5|@0.5", "line 1, at byte 10: " + order},
          {"a:1|c|#b:c|@0.5", "line 1, at byte 10: " + order},
          {"a:1|c|T1", "line 1, at byte 5: " + order},
          {"a:1|c|#", "line 1, at byte 7: expected a tag that is not empty"},
          {"a:1|c|#a:b,", "line 1, at byte 11: expected a tag that is not empty"},
          {"a:1|c|#:b", "line 1, at byte 7: expected a tag that is not empty"},
          {"a:1|c|#b", "line 1, at byte 8: expected the value of the tag"},
          {"a:1|c|#b:", "line 1, at byte 9: expected a value of the tag that is not empty"},
          {"a:1|c|#b;c:d", "line 1, at byte 8: expected a byte that may stand in the key of a tag"},
          {"a:1|c|#b:c:d", "line 1, at byte 10: expected a byte that may stand in the value of a tag"},
          {"a:1|c|#b:c;d=e", "line 1, at byte 10: expected a byte that may stand in the value of a tag"},
          {"a:1|c|#b:c d", "line 1, at byte 10: expected a byte that may stand in the value of a tag"},
          {"a:1|c|#b:~", "line 1, at byte 9: expected a byte that may stand in the value of a tag"},
      });
  check_faults(
      profiles::dogstatsd,
      {
          {"a:1|c|T0", "line 1, at byte 7: expected Unix seconds above 0"},
          {"a:1|c|T-1", "line 1, at byte 7: expected a digit"},
          {"a:1|c|T1.5", "line 1, at byte 8: " + order},
          {"a:1|c|T9223372036854775808", "line 1, at byte 7: expected an integer of 64 bits"},
          {"a:1|ms|T1", "line 1, at byte 6: " + order},
          {"a:1|c|T1|#b", "line 1, at byte 8: " + order},
          {"a:1|c|#b c", "line 1, at byte 8: expected a byte that may stand in the key of a tag"},
          {"a:1|c|#b:c@d", "line 1, at byte 10: expected a byte that may stand in the value of a tag"},
          {"_score:1|c",
           "line 1, at byte 3: expected '|' and the name of a service check: no metric begins with _sc"},
      });
  check_faults(profiles::telegraf,
               {
                   {"a,b=c|d:1|c", "line 1, at byte 5: expected a byte that may stand in the value of a tag"},
                   {"a,b:1|c", "line 1, at byte 3: expected the value of the tag"},
                   {"a,b=c\\:1|c", "line 1, at byte 5: expected a byte that may stand in the value of a tag"},
                   {"a:1|c|#b:c", "line 1, at byte 5: " + order},
               });
  check_faults(profiles::signalfx,
               {
                   {"a[b=c:1|c", "line 1, at byte 5: expected a byte that may stand in the value of a tag"},
                   {"a[b=c", "line 1, at byte 5: expected ']' after the tags"},
                   {"a[]:1|c", "line 1, at byte 2: expected a tag that is not empty"},
                   {"a[b=c]x:1|c", "line 1, at byte 6: expected a byte of a name, or ':' and a value"},
               });
}

TEST_CASE("parse_samples: events, with line feeds put back") {
  const CapturedLines lines = read(
      "_e{6,2}:deploy|v2\n"
      "_e{4,6}:a\\nb|c|d\\ne|d:5|h:web|k:key|p:low|s:git|t:error|#zone:eu,canary",
      profiles::dogstatsd);
  REQUIRE(lines.events.size() == 2);
  CHECK(lines.events[0].title == "deploy");
  CHECK(lines.events[0].text == "v2");
  CHECK(lines.events[0].priority == EventPriority::normal);
  CHECK(lines.events[0].alert_type == AlertType::info);
  const CapturedEvent expected{.title = "a\nb",
                               .text = "c|d\ne",
                               .timestamp = 5,
                               .hostname = "web",
                               .aggregation_key = "key",
                               .priority = EventPriority::low,
                               .source_type = "git",
                               .alert_type = AlertType::error,
                               .tags = {{"canary", ""}, {"zone", "eu"}}};
  CHECK((lines.events[1] == expected));
  CHECK(read("_e{1,0}:a|", profiles::dogstatsd).events[0].text.empty());
}

TEST_CASE("parse_samples: a fault in an event says which byte") {
  check_faults(
      profiles::dogstatsd,
      {
          {"_e{", "line 1, at byte 3: expected a digit"},
          {"_e{0,1}:|a", "line 1, at byte 3: expected a title that is not empty"},
          {"_e{1;1}:a|b", "line 1, at byte 4: expected ',' and the size of the text"},
          {"_e{1,1:a|b", "line 1, at byte 6: expected '}:' and the title"},
          {"_e{2,1}:a|b",
           "line 1, at byte 10: expected '|' and the text, after as many bytes as the title has"},
          {"_e{1,2}:a|b", "line 1, at byte 11: expected as many bytes as the header says"},
          {"_e{9999999999,2}:a|b", "line 1, at byte 20: expected as many bytes as the header says"},
          {"_e{1,1}:a|b|t:bad", "line 1, at byte 14: expected one of the words that the field may have"},
          {"_e{1,1}:a|bc",
           "line 1, at byte 11: expected the end, or d:, h:, k:, p:, s:, t: or #, in this order"},
          {"_e{1,1}:a|b|h:x|d:1",
           "line 1, at byte 15: expected the end, or d:, h:, k:, p:, s:, t: or #, in this order"},
          {"_e{1,1}:a|\x01", "line 1, at byte 10: expected no control character"},
          {"_e{1,1}:a|b|h:", "line 1, at byte 14: expected text"},
      });
  CHECK(fault_of("_e{1,1}:a|b|#x\n", profiles::dogstatsd) == "none");
}

TEST_CASE("parse_samples: service checks, and their faults") {
  const CapturedLines lines =
      read("_sc|db.up|2|d:7|h:web|#zone:eu|m:gone\\nm\\: x\n_sc|a|0", profiles::dogstatsd);
  REQUIRE(lines.service_checks.size() == 2);
  const CapturedCheck expected{.name = "db.up",
                               .status = CheckStatus::critical,
                               .timestamp = 7,
                               .hostname = "web",
                               .tags = {{"zone", "eu"}},
                               .message = "gone\\nm\\: x"};
  CHECK((lines.service_checks[0] == expected));
  CHECK(lines.service_checks[1].status == CheckStatus::ok);
  check_faults(
      profiles::dogstatsd,
      {
          {"_sc||0", "line 1, at byte 4: expected text"},
          {"_sc|a", "line 1, at byte 5: expected '|' and a status"},
          {"_sc|a|4", "line 1, at byte 6: expected one of the words that the field may have"},
          {"_sc|a|0|m:x|#y", "line 1, at byte 11: expected the end, or d:, h:, # or m:, in this order"},
      });
}

TEST_CASE("parse_samples: any bytes are read or refused, within the line") {
  test::RandomBytes random{20};
  for (int i = 0; i < 20'000; ++i) {
    const std::string datagram = "a" + random.string(20);
    for (const Profile& profile : {profiles::dogstatsd, profiles::telegraf}) {
      CapturedLines lines;
      if (const auto fault = parse_samples(datagram, profile, lines)) CHECK(fault->offset <= datagram.size());
    }
  }
}
