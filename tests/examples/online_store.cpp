// Runs online_store as a user would: the replay, a cluster shared by several instances that are killed, and
// everything that can be wrong.

#include <ostream>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "online_store/event.hpp"
#include "support/sanitized.hpp"
#include "support/scratch_directory.hpp"
#include "support/store_day.hpp"
#include "support/store_process.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

using Json = nlohmann::json;

/// Members of a group of the mock cluster that were killed are soon given up.
const std::vector<std::string> quick_group{"--kafka", "session.timeout.ms=4000", "--kafka",
                                           "heartbeat.interval.ms=300"};

/// A day that lies behind the system's clock, and 365 days after which lie before it.
constexpr const char* date = "2026-01-05";
constexpr std::int64_t day_start = 1'767'571'200'000;

std::vector<std::string> feed_flags(std::size_t events, int partitions) {
  return {"--events",     std::to_string(events),
          "--partitions", std::to_string(partitions),
          "--bad-one-in", "1000",
          "--date",       date};
}

std::vector<std::string> store_flags(const std::string& brokers, const std::string& state) {
  return joined(
      {"--brokers", brokers, "--from-beginning", "--state", state, "--keep-windows", "300", "--eager"},
      quick_group);
}

std::pair<int, std::string> refused(const std::vector<std::string>& flags) {
  return run_example("online_store", flags);
}

}  // namespace

TEST_CASE("online_store: a million events end in the right windows, though the consumer is killed twice") {
  constexpr std::size_t events = is_sanitized ? 100'000 : 1'000'000;
  constexpr int partitions = 32;  // the cluster keeps 5 MiB of each
  const ScratchDirectory state;
  FeedProcess feed{feed_flags(events, partitions)};
  const std::vector<std::string> flags = store_flags(feed.brokers, state.path());
  for (const double share : {0.2, 0.6}) {
    StoreProcess store{flags};
    store.wait_for("online_store_events_total", share * static_cast<double>(events), 3 * patience);
    CHECK(store.end(SIGKILL) == 128 + SIGKILL);
  }
  StoreProcess store{flags};
  store.wait_for("online_store_events_total", static_cast<double>(events), 3 * patience);
  feed.wait_until_sent();
  CHECK(store.end(SIGTERM) == 0);
  const StoreDay wanted = count_day({.day_start = day_start, .events = events, .bad_one_in = 1000});
  REQUIRE(wanted.good == events);
  const auto joined = join_states(state.path(), partitions);
  check_day(joined, wanted);
  const std::uint64_t of_each = wanted.bad / 4;
  CHECK(joined.bad == std::array<std::uint64_t, 6>{of_each, of_each, of_each, of_each, 0, 0});
}

TEST_CASE("online_store: two instances share the partitions, each shows the whole, and one takes over") {
  constexpr std::size_t events = 20'000;
  constexpr int partitions = 8;
  const ScratchDirectory state;
  // The day takes longer than both need to join.
  FeedProcess feed{joined(feed_flags(events, partitions), {"--day", is_sanitized ? "25s" : "15s"})};
  const std::vector<std::string> flags = store_flags(feed.brokers, state.path());
  StoreProcess first{flags};
  StoreProcess second{flags};
  for (const StoreProcess* store : {&first, &second})
    store->wait_for("online_store_events_total", 2000, 3 * patience);
  second.end(SIGKILL);
  first.wait_for("online_store_events_total", events, 3 * patience);
  const StoreDay wanted = count_day({.day_start = day_start, .events = events, .bad_one_in = 1000});
  {
    const StoreProcess reader{{"--state", state.path(), "--read-state", "--keep-windows", "300"}};
    reader.wait_for("online_store_events_total", events);
    CHECK(reader.value("online_store_events_total") == events);
  }
  CHECK(first.value("online_store_events_total") == events);
  CHECK(first.end(SIGTERM) == 0);
  check_day(join_states(state.path(), partitions), wanted);
}

TEST_CASE("online_store: a replay shows the shop on its page, its API and at StatsD, and ends in order") {
  UdpReceiver statsd;
  StoreProcess store{{"--eager", "--day", "10s", "--events", "20000", "--bad-one-in", "10", "--statsd",
                      "127.0.0.1:" + std::to_string(statsd.port())}};
  store.wait_for("conversion", 0.01);
  store.wait_for("online_store_bad_events_total", 4);  // the first of them: not_avro
  auto api = client_of(store.api_url);
  const auto rate = api.Get("/api/v1.0/conversion_rate/");
  REQUIRE(rate);
  CHECK(rate->status == 200);
  const Json answer = Json::parse(rate->body);
  CHECK(answer.at("check") == true);
  CHECK(answer.at("contents").at(0).at("conversion_rate").get<double>() <= 1);
  const auto figures = api.Get("/api/v1.0/figures");
  REQUIRE(figures);
  const Json shown = Json::parse(figures->body);
  CHECK(shown.at("figures").size() == 5);
  CHECK(shown.at("history").size() >= 1);
  CHECK(shown.at("history").at(0).size() == 6);
  CHECK(shown.at("bad").at("missing_field").get<int>() >= 1);
  const auto page = api.Get("/");
  REQUIRE(page);
  CHECK(page->body.find("<!doctype html>") == 0);
  std::string datagrams;
  for (const char* const name : {"users_count", "orders_count", "conversion", "aov", "tov"}) {
    while (datagrams.find(std::string{"online_store."} + name + ":") == std::string::npos) {
      datagrams += statsd.receive() + "\n";
    }
  }
  CHECK(store.end(SIGTERM) == 0);
  CHECK(store.output().find(" events counted; bad: ") != std::string::npos);
}

TEST_CASE("online_store: compatible, the pages are the original's, name by name") {
  const StoreProcess store{{"--compatible", "--day", "5s", "--partitions", "1", "--bad-one-in", "0"}};
  const auto families = store.page();
  REQUIRE(families.size() == 5);
  CHECK(families[0].name == "users_count");
  CHECK(families[0].help.empty());
}

TEST_CASE("online_store: the API says why there is no conversion") {
  const std::uint16_t nobody = free_tcp_port();
  const std::string away = "http://127.0.0.1:" + std::to_string(nobody) + "/";
  const ScratchDirectory state;
  {
    const StoreProcess store{{"--state", state.path(), "--read-state", "--page-url", away}};
    const auto answer = client_of(store.api_url).Get("/api/v1.0/conversion_rate/");
    REQUIRE(answer);
    CHECK(answer->status == 503);
    CHECK(Json::parse(answer->body).at("error").get<std::string>().starts_with("no metrics page at " + away));
  }
  const StoreProcess other{{"--state", state.path(), "--read-state"}};
  for (const auto& [target, status, reason] :
       {std::tuple{"/", 503, "the page is none of Prometheus"},
        std::tuple{"/api/v1.0/nothing", 503, "it answered with the HTTP status 404"}}) {
    const StoreProcess store{{"--state", state.path(), "--read-state", "--page-url", other.api_url + target}};
    const auto answer = client_of(store.api_url).Get("/api/v1.0/conversion_rate/");
    REQUIRE(answer);
    CHECK(answer->status == status);
    CHECK(Json::parse(answer->body).at("error").get<std::string>().find(reason) != std::string::npos);
  }
}

TEST_CASE("online_store: what cannot be done is refused in one line that says why") {
  const ScratchDirectory scratch;
  const std::string schema = scratch.write("schema.avsc", R"({"type":"record","name":"r","fields":[]})");
  for (const auto& [flags, status, words] : {
           std::tuple{std::vector<std::string>{"--schema", schema}, 1, "schema.avsc"},
           std::tuple{std::vector<std::string>{"--schema", "/nowhere.avsc"}, 1, "/nowhere.avsc"},
           std::tuple{std::vector<std::string>{"--state", schema + "/below", "--read-state"}, 1,
                      "is no directory to write to"},
           std::tuple{std::vector<std::string>{"--state", schema}, 2, "a replayed shop begins anew"},
           std::tuple{std::vector<std::string>{"--kafka", "no.such=1", "--page", "127.0.0.1:0", "--api",
                                               "127.0.0.1:0"},
                      1, "no.such"},
           std::tuple{std::vector<std::string>{"--topic", "a/b"}, 2, "'a/b' is no topic"},
           std::tuple{std::vector<std::string>{"--eager", "--compatible"}, 2, "give one of them"},
           std::tuple{std::vector<std::string>{"--read-state"}, 2, "--state DIRECTORY, which is not given"},
           std::tuple{std::vector<std::string>{"--kafka", "x"}, 2, "'x' is not KEY=VALUE"},
           std::tuple{std::vector<std::string>{"--keep-windows", "0"}, 2,
                      "'0' is not a number from 1 to 10000"},
           std::tuple{std::vector<std::string>{"--day", "1ms"}, 2, "'1ms' is not a duration from 1000ms"},
       }) {
    const std::pair<int, std::string> result = refused(flags);
    CHECK(result.first == status);
    CHECK_MESSAGE(result.second.find(words) != std::string::npos, result.second);
  }
  const StoreProcess store{{"--state", scratch.path() / "state", "--read-state"}};
  const std::pair<int, std::string> result =
      refused({"--page", store.page_url.substr(7), "--api", "127.0.0.1:0"});
  CHECK(result.first == 1);
  CHECK_MESSAGE(result.second.find("cannot listen on " + store.page_url.substr(7)) != std::string::npos,
                result.second);
}

TEST_CASE("online_store: without a broker it waits, answers, and ends at once when told to") {
  const std::uint16_t nobody = free_tcp_port();
  StoreProcess store{{"--brokers", "127.0.0.1:" + std::to_string(nobody)}};
  CHECK(store.value("users_count") == 0);
  store.process().read_until("127.0.0.1:" + std::to_string(nobody) + ": ");  // it says that nobody is there
  CHECK(store.end(SIGINT) == 0);
}

TEST_CASE("online_store: a state file that is none is named, and not written over") {
  const ScratchDirectory state;
  const std::string file = state.write("online_store-0.state", "no state");
  const FeedProcess feed{feed_flags(10, 1)};
  StoreProcess store{store_flags(feed.brokers, state.path())};
  CHECK(store.process().wait() == 1);
  CHECK(store.output().find(file + ": is no state of a partition") != std::string::npos);
  CHECK(std::filesystem::file_size(file) == 8);
}
