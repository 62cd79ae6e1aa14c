#include "online_store/options.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

using namespace online_store;
using namespace std::chrono_literals;
using example::Answer;
using example::UsageError;

namespace {

template <class Kind, class Result>
Kind expected(const Result& result) {
  const auto* const error = std::get_if<UsageError>(&result);
  CAPTURE((error != nullptr ? error->message : ""));
  REQUIRE(std::holds_alternative<Kind>(result));
  return std::get<Kind>(result);
}

template <class Kind>
Kind parsed(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "online_store");
  return expected<Kind>(parse_options(static_cast<int>(arguments.size()), arguments.data()));
}

template <class Kind>
Kind parsed_feed(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "shop_feed");
  return expected<Kind>(parse_feed_options(static_cast<int>(arguments.size()), arguments.data()));
}

struct Refusal {
  std::vector<const char*> arguments;
  std::string message;
};

const std::string duration_form = "; write a number with ms, s, m or h, such as 500ms, 10s or 2m";

const std::string no_tolerance =
    " is not a duration from 0s to 24h; write a number with ms, s, m or h, such as 30s";

const std::string no_topic = " is no topic; write up to 249 letters, digits, '.', '_' and '-'";

/// Of the replayed day, which both programs have.
const std::vector<Refusal> replay_refusals{
    {{"--events", "0"}, "--events: '0' is not a number from 1 to 1000000000"},
    {{"--events", "1000000001"}, "--events: '1000000001' is not a number from 1 to 1000000000"},
    {{"--day", "999ms"}, "--day: '999ms' is not a duration from 1000ms to 8760h" + duration_form},
    {{"--day", "8761h"}, "--day: '8761h' is not a duration from 1000ms to 8760h" + duration_form},
    {{"--seed", "-1"}, "--seed: '-1' is not a number from 0 to 9223372036854775807"},
    {{"--seed", "x"}, "--seed: 'x' is not a number from 0 to 9223372036854775807"},
    {{"--bad-one-in", "-1"}, "--bad-one-in: '-1' is not a number from 0 to 1000000000"},
    {{"--bad-one-in", "1000000001"}, "--bad-one-in: '1000000001' is not a number from 0 to 1000000000"},
    {{"--partitions", "0"}, "--partitions: '0' is not a number from 1 to 1000"},
    {{"--partitions", "1001"}, "--partitions: '1001' is not a number from 1 to 1000"},
    {{"--schema", ""}, "--schema: '' is empty; leave the flag out or give it a value"},
    {{"--topic", ""}, "--topic: ''" + no_topic},
    {{"--topic", "."}, "--topic: '.'" + no_topic},
    {{"--topic", ".."}, "--topic: '..'" + no_topic},
    {{"--topic", "a/b"}, "--topic: 'a/b'" + no_topic},
    {{"--topic", "\xc3\xbc"}, "--topic: '\xc3\xbc'" + no_topic},
    {{"--for", "99ms"}, "--for: '99ms' is not a duration from 100ms to 8760h" + duration_form},
};

}  // namespace

TEST_CASE("online_store options: what holds without flags") {
  const auto options = parsed<Options>({});
  CHECK(options.brokers.empty());
  CHECK(options.topic == "online_store");
  CHECK(options.group == "metrics");
  CHECK(options.schema.empty());
  CHECK_FALSE(options.is_from_beginning);
  CHECK(options.kafka.empty());
  CHECK(options.replay.events == 100'000);
  CHECK(options.replay.bad_one_in == 1000);
  CHECK(options.replay.seed == 1);
  CHECK(options.replay.day_lasts == 1min);
  CHECK(options.replay.partitions == 4);
  CHECK(options.state_directory.empty());
  CHECK_FALSE(options.only_reads);
  CHECK_FALSE(options.is_eager);
  CHECK_FALSE(options.is_compatible);
  CHECK(options.allowed_lateness == 0s);
  CHECK(options.allowed_ahead == 5min);
  CHECK(options.kept_windows == 2);
  CHECK(options.max_sessions == 1'000'000);
  CHECK(to_string(options.page) == "127.0.0.1:8013");
  CHECK(to_string(options.raw_page) == "127.0.0.1:8012");
  CHECK(to_string(options.api) == "127.0.0.1:5002");
  CHECK_FALSE(options.page_url);
  CHECK(options.statsd.host == "127.0.0.1");
  CHECK(options.statsd.port == 8125);
  CHECK(options.prefix == "online_store");
  CHECK_FALSE(options.run_for);
}

TEST_CASE("online_store options: where events come from") {
  const auto options = parsed<Options>(
      {"--brokers", "a:9092,b:9092", "--topic=Shop.v2_-", "--group", "g", "--schema", "s.avsc",
       "--from-beginning", "--kafka", "security.protocol=ssl", "--kafka=ssl.key.password=a=b", "--kafka",
       "client.id=", "--kafka", "security.protocol=sasl_ssl", "--state", "/var/lib/x"});
  CHECK(options.brokers == "a:9092,b:9092");
  CHECK(options.topic == "Shop.v2_-");
  CHECK(options.group == "g");
  CHECK(options.schema == "s.avsc");
  CHECK(options.is_from_beginning);
  CHECK(options.kafka == std::map<std::string, std::string>{{"security.protocol", "sasl_ssl"},
                                                            {"ssl.key.password", "a=b"},
                                                            {"client.id", ""}});
  CHECK(options.state_directory == "/var/lib/x");
  CHECK(parsed<Options>({"--topic", std::string(249, 'x').c_str()}).topic.size() == 249);
}

TEST_CASE("online_store options: how it counts, and what it shows where") {
  const auto options = parsed<Options>({"--events",       "7",
                                        "--day",          "1s",
                                        "--seed",         "9223372036854775807",
                                        "--bad-one-in",   "0",
                                        "--partitions",   "1000",
                                        "--eager",        "--allow-late=1.5h",
                                        "--allow-ahead",  "0s",
                                        "--keep-windows", "10000",
                                        "--page",         "[::]:0",
                                        "--max-sessions", "8",
                                        "--raw-page",     "0.0.0.0:1",
                                        "--api",          "127.0.0.1:65535",
                                        "--page-url",     "http://x:81/y?z",
                                        "--statsd",       "[::1]:8126",
                                        "--prefix",       "p",
                                        "--for",          "100ms"});
  CHECK(options.replay.events == 7);
  CHECK(options.replay.day_lasts == 1s);
  CHECK(options.replay.seed == INT64_MAX);
  CHECK(options.replay.bad_one_in == 0);
  CHECK(options.replay.partitions == 1000);
  CHECK(options.is_eager);
  CHECK(options.allowed_lateness == 90min);
  CHECK(options.allowed_ahead == 0s);
  CHECK(options.kept_windows == 10'000);
  CHECK(options.max_sessions == 8);
  CHECK(to_string(options.page) == "[::]:0");
  CHECK(to_string(options.raw_page) == "0.0.0.0:1");
  CHECK(to_string(options.api) == "127.0.0.1:65535");
  REQUIRE(options.page_url);
  CHECK(options.page_url->host == "x");
  CHECK(options.page_url->port == 81);
  CHECK(options.page_url->target == "/y?z");
  CHECK(options.statsd.host == "::1");
  CHECK(options.statsd.port == 8126);
  CHECK(options.prefix == "p");
  CHECK(options.run_for == 100ms);
  CHECK(parsed<Options>({"--compatible"}).is_compatible);
  CHECK(parsed<Options>({"--allow-late", "24h"}).allowed_lateness == 24h);
  CHECK(parsed<Options>({"--read-state", "--state", "d"}).only_reads);
  CHECK(parsed<Options>({"--events", "1", "--events", "2"}).replay.events == 2);
}

TEST_CASE("online_store options: --help names every flag, --version the version") {
  const std::string help = parsed<Answer>({"--help"}).text;
  for (const char* const flag :
       {"--brokers",    "--topic",       "--group",        "--schema",       "--from-beginning",
        "--kafka",      "--state",       "--read-state",   "--events",       "--day",
        "--seed",       "--bad-one-in",  "--partitions",   "--eager",        "--compatible",
        "--allow-late", "--allow-ahead", "--keep-windows", "--max-sessions", "--page",
        "--raw-page",   "--api",         "--page-url",     "--statsd",       "--prefix",
        "--for",        "--help",        "--version"}) {
    CAPTURE(flag);
    CHECK(help.find(flag) != std::string::npos);
  }
  CHECK(parsed<Answer>({"--version"}).text.starts_with("online_store "));
}

TEST_CASE("online_store options: a refusal names the flag, the value and what is right") {
  for (const Refusal& refusal : replay_refusals) {
    CHECK(parsed<UsageError>(refusal.arguments).message == refusal.message);
  }
  const std::string empty = ": '' is empty; leave the flag out or give it a value";
  const std::string long_topic(250, 'x');
  const std::vector<Refusal> refusals{
      {{"--topic", long_topic.c_str()}, "--topic: '" + long_topic + "'" + no_topic},
      {{"--brokers", ""}, "--brokers" + empty},
      {{"--group", ""}, "--group" + empty},
      {{"--state", ""}, "--state" + empty},
      {{"--prefix", ""}, "--prefix" + empty},
      {{"--kafka", "x"}, "--kafka: 'x' is not KEY=VALUE, such as security.protocol=ssl"},
      {{"--kafka", "=x"}, "--kafka: '=x' is not KEY=VALUE, such as security.protocol=ssl"},
      {{"--allow-late", "1"}, "--allow-late: '1'" + no_tolerance},
      {{"--allow-late", "25h"}, "--allow-late: '25h'" + no_tolerance},
      {{"--allow-ahead", "86400001ms"}, "--allow-ahead: '86400001ms'" + no_tolerance},
      {{"--allow-ahead", "-1s"}, "--allow-ahead: '-1s'" + no_tolerance},
      {{"--keep-windows", "0"}, "--keep-windows: '0' is not a number from 1 to 10000"},
      {{"--keep-windows", "10001"}, "--keep-windows: '10001' is not a number from 1 to 10000"},
      {{"--max-sessions", "0"}, "--max-sessions: '0' is not a number from 1 to 1000000000"},
      {{"--page", "8013"},
       "--page: '8013' is not address:port; write it as 127.0.0.1:8013, 0.0.0.0:8013 or [::1]:8013, with a "
       "port from 1 to 65535"},
      {{"--raw-page", "x:1"},
       "--raw-page: 'x:1' is not address:port; write it as 127.0.0.1:8012, 0.0.0.0:8012 or [::1]:8012, with "
       "a port from 1 to 65535"},
      {{"--api", "here:0"}, "--api: 'here' is no address of IPv4 or, in brackets, IPv6"},
      {{"--page-url", "ftp://x"},
       "--page-url: 'ftp://x' is not " + std::string{statwire::protocol::http_url_form}},
      {{"--statsd", "x:0"}, "--statsd: 'x:0' is not host:port; write it as 127.0.0.1:8125"},
  };
  for (const Refusal& refusal : refusals) {
    CHECK(parsed<UsageError>(refusal.arguments).message == refusal.message);
  }
  CHECK(parsed<UsageError>({"--date", "x"})
            .message.starts_with(
                "unknown argument '--date'; the flags are --brokers, --topic, --group, --schema, "));
  CHECK(
      parsed<UsageError>({"--kafka"}).message.ends_with("; online_store --help shows what each flag takes"));
  CHECK(parsed<UsageError>({"--kafka", "a=b", "c=d"}).message.starts_with("unknown argument 'c=d'; "));
}

TEST_CASE("online_store options: flags that contradict each other are refused") {
  const std::vector<Refusal> refusals{
      {{"--eager", "--compatible"},
       "--eager and --compatible are two ways to show the figures; give one of them"},
      {{"--compatible", "--allow-late", "1s"},
       "--allow-late is not for --compatible, where a late event empties the window"},
      {{"--read-state"}, "--read-state reads what is in --state DIRECTORY, which is not given"},
      {{"--read-state", "--state", "x", "--brokers", "y"},
       "--read-state reads no events, so it takes no --brokers"},
      {{"--state", "x"},
       "--state is for events of --brokers, or for --read-state; a replayed shop begins anew each time"},
  };
  for (const Refusal& refusal : refusals) {
    CHECK(parsed<UsageError>(refusal.arguments).message == refusal.message);
  }
  CHECK(parsed<Options>({"--compatible", "--allow-late", "0s"}).is_compatible);
}

TEST_CASE("shop_feed options: what holds without flags, and what flags say") {
  const auto defaults = parsed_feed<FeedCommand>({});
  CHECK(defaults.replay.events == 100'000);
  CHECK(defaults.replay.bad_one_in == 0);
  CHECK(defaults.replay.seed == 1);
  CHECK_FALSE(defaults.replay.day_lasts);
  CHECK(defaults.replay.partitions == 4);
  CHECK(defaults.topic == "online_store");
  CHECK(defaults.schema.empty());
  CHECK_FALSE(defaults.day_start);
  CHECK_FALSE(defaults.run_for);

  const auto all = parsed_feed<FeedCommand>({"--events", "5", "--bad-one-in", "6", "--seed", "0", "--day",
                                             "2m", "--partitions", "1", "--topic", "t", "--schema", "s",
                                             "--date", "2018-11-22", "--for", "1h"});
  CHECK(all.replay.events == 5);
  CHECK(all.replay.bad_one_in == 6);
  CHECK(all.replay.seed == 0);
  CHECK(all.replay.day_lasts == 2min);
  CHECK(all.replay.partitions == 1);
  CHECK(all.topic == "t");
  CHECK(all.schema == "s");
  CHECK(all.day_start == 1'542'844'800'000);
  CHECK(all.run_for == 1h);
}

TEST_CASE("shop_feed options: a date is a day of the calendar") {
  CHECK(parsed_feed<FeedCommand>({"--date", "1970-01-01"}).day_start == 0);
  CHECK(parsed_feed<FeedCommand>({"--date", "1969-12-31"}).day_start == -86'400'000);
  CHECK(parsed_feed<FeedCommand>({"--date", "2024-02-29"}).day_start == 1'709'164'800'000);
  for (const char* const text :
       {"", "today", "2026-11", "2026-11-2", "2026-11-200", "2023-02-29", "2026-13-01", "2026-00-01",
        "2026-01-00", "2026-01-32", "2026/01/01", "26-01-2001", "2026-1 -01", "2026-+1-01", "2026-01--1",
        "-123-01-01", "+123-01-01", "2026-01-0x"}) {
    CAPTURE(text);
    CHECK(parsed_feed<UsageError>({"--date", text}).message ==
          "--date: '" + std::string{text} + "' is no date; write it as 2026-11-20");
  }
}

TEST_CASE("shop_feed options: what is no flag of it, or holds what it cannot, is refused") {
  for (const Refusal& refusal : replay_refusals) {
    CHECK(parsed_feed<UsageError>(refusal.arguments).message == refusal.message);
  }
  CHECK(parsed_feed<UsageError>({"--eager"}).message ==
        "unknown argument '--eager'; the flags are --topic, --schema, --events, --day, --seed, "
        "--bad-one-in, --partitions, --date, --for, --help and --version");
  const std::string help = parsed_feed<Answer>({"--help"}).text;
  for (const char* const flag : {"--topic", "--schema", "--events", "--day", "--seed", "--bad-one-in",
                                 "--partitions", "--date", "--for", "--help", "--version"}) {
    CAPTURE(flag);
    CHECK(help.find(flag) != std::string::npos);
  }
  CHECK(parsed_feed<Answer>({"--version"}).text.starts_with("shop_feed "));
}
