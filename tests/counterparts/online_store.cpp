// The online store beside the programs that people look at it with: Prometheus scrapes it with the shipped
// configuration and answers the shipped dashboard, promtool and Python's client read its pages, and Chromium
// shows the live page.

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "listening.hpp"
#include "online_store/avro_schema.hpp"
#include "online_store/board.hpp"
#include "online_store/event_encoder.hpp"
#include "online_store/live_page.hpp"
#include "online_store/metrics_page.hpp"
#include "online_store/routes.hpp"
#include "online_store/store_counter.hpp"
#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/prometheus_readers.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

using namespace online_store;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

const Figures known{
    .users_count = 117, .orders_count = 9, .conversion = 3.25, .aov = 2450.57, .tov = 1204000};
const EventCounts known_counts{
    .taken = 99900, .bad = {5, 4, 3, 2, 1}, .late = {.five_minutes = 7, .hour = 6, .day = 0}};

std::string shipped(const std::string& name) {
  std::ifstream file{STATWIRE_SOURCE "/examples/online_store/" + name};
  REQUIRE_MESSAGE(file.is_open(), name);
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::size_t count_of(const std::string& text, const std::string& words) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

/// Replaces words that have to be there, once.
void replace(std::string& text, const std::string& words, const std::string& others) {
  REQUIRE(count_of(text, words) == 1);
  text.replace(text.find(words), words.size(), others);
}

/// How often a page was asked for.
class Scrapes {
 public:
  void add() {
    const std::lock_guard lock{mutex_};
    ++count_;
    changed_.notify_all();
  }

  void wait_for(int count) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, 30s, [&] { return count_ >= count; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

/// The one value that Prometheus has for a query.
double value_of(std::uint16_t port, const std::string& query) {
  httplib::Client client{"127.0.0.1", port};
  const auto answer = client.Get("/api/v1/query", httplib::Params{{"query", query}}, httplib::Headers{});
  REQUIRE(answer);
  CAPTURE(answer->body);
  REQUIRE(answer->status == 200);
  const auto result = nlohmann::json::parse(answer->body).at("data").at("result");
  REQUIRE(result.size() == 1);
  return number_of(result[0].at("value").at(1).get<std::string>());
}

/// What Chromium has made of the body of the page at a port, two seconds of the page's time after it was
/// loaded.
std::string shown_at(std::uint16_t port, const std::filesystem::path& chromium) {
  const ScratchDirectory scratch;
  const std::string home = scratch.path();
  ChildProcess process{{"/usr/bin/env", "HOME=" + home, chromium, "--headless", "--no-sandbox",
                        "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                        "--user-data-dir=" + home + "/data", "--virtual-time-budget=2000", "--dump-dom",
                        "http://127.0.0.1:" + std::to_string(port) + "/"}};
  const int status = process.wait();
  REQUIRE_MESSAGE(status == 0, process.output());
  const std::string& output = process.output();
  const std::size_t begin = output.find("<body");
  const std::size_t end = output.find("<script>");
  REQUIRE_MESSAGE(begin < end, output);
  return output.substr(begin, end - begin);
}

void expect_words(const std::string& document, const std::vector<std::string>& all) {
  for (const std::string& words : all) CHECK_MESSAGE(count_of(document, words) == 1, words);
}

/// What promtool says of a page, a line each; nothing else makes it refuse one.
std::set<std::string> blame_of(const std::string& page) {
  const ScratchDirectory scratch;
  ChildProcess promtool{
      {"/bin/sh", "-c", "exec promtool check metrics <\"$0\"", scratch.write("page", page)}};
  constexpr int has_blame = 3;
  CHECK(promtool.wait() == has_blame);
  std::set<std::string> lines;
  for (const std::string& line : split(promtool.output(), '\n')) {
    if (!line.empty()) lines.insert(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("online store: Prometheus answers the queries of the dashboard with the figures of the page") {
  const std::filesystem::path program = find_daemon("prometheus");
  if (is_missing("prometheus", program)) return;
  Scrapes scrapes;
  httplib::Server server;
  add_page(server, [&] {
    scrapes.add();
    return metrics_page(known, known_counts);
  });
  const example::Listening listening{server, {.host = "127.0.0.1", .port = 0}};
  std::string configuration = shipped("prometheus.yml");
  replace(configuration, "scrape_interval: 15s", "scrape_interval: 1s");
  replace(configuration, "127.0.0.1:8013", to_string(listening.address()));
  const ScratchDirectory scratch;
  const std::uint16_t port = free_tcp_port();
  ChildProcess prometheus{{program, "--config.file=" + scratch.write("prometheus.yml", configuration),
                           "--storage.tsdb.path=" + (scratch.path() / "data").string(),
                           "--web.listen-address=127.0.0.1:" + std::to_string(port)}};
  prometheus.read_until("Server is ready to receive web requests");
  scrapes.wait_for(2);  // it has stored the first

  const std::map<std::string, double> answers{{R"(users_count{job="online_store"})", 117},
                                              {R"(orders_count{job="online_store"})", 9},
                                              {R"(conversion{job="online_store"})", 3.25},
                                              {R"(aov{job="online_store"})", 2450.57},
                                              {R"(tov{job="online_store"})", 1204000}};
  const auto dashboard = nlohmann::json::parse(shipped("grafana_dashboard.json"));
  std::set<std::string> asked;
  for (const auto& panel : dashboard.at("panels")) {
    REQUIRE(panel.at("targets").size() == 1);
    const auto query = panel["targets"][0].at("expr").get<std::string>();
    CAPTURE(query);
    REQUIRE(answers.contains(query));
    CHECK(value_of(port, query) == answers.at(query));
    asked.insert(query);
  }
  CHECK(dashboard["panels"].size() == 5);
  CHECK(asked.size() == 5);
  CHECK(value_of(port, R"(sum(online_store_bad_events_total{job="online_store"}))") == 15);
}

TEST_CASE("online store: promtool takes the configuration, and the pages but for the original's names") {
  if (is_missing("prometheus", find_daemon("promtool"))) return;
  const ScratchDirectory scratch;
  const std::string file = scratch.write("prometheus.yml", shipped("prometheus.yml"));
  ChildProcess promtool{{"promtool", "check", "config", file}};
  CHECK(promtool.wait() == 0);
  CHECK(promtool.output() ==
        "Checking " + file + "\n SUCCESS: " + file + " is valid prometheus config file syntax\n\n");

  const std::string ends = R"( non-histogram and non-summary metrics should not have "_count" suffix)";
  std::set<std::string> expected{"users_count" + ends, "orders_count" + ends};
  CHECK(blame_of(metrics_page(known, known_counts)) == expected);
  for (const FigureField& field : figure_fields) expected.insert(std::string{field.name} + " no help text");
  CHECK(blame_of(compatible_page(known)) == expected);
}

TEST_CASE("online store: Python's prometheus_client finds the five figures on the pages") {
  if (is_missing_prometheus_client()) return;
  const auto pages = read_with_python({metrics_page(known, known_counts), compatible_page(known)},
                                      statwire::PrometheusFormat::text);
  const std::map<std::string, double> expected{
      {"users_count", 117}, {"orders_count", 9}, {"conversion", 3.25}, {"aov", 2450.57}, {"tov", 1204000}};
  for (const auto& page : pages) {
    REQUIRE(page);
    std::map<std::string, double> found;
    for (const PlainSample& sample : page->samples) {
      if (expected.contains(sample.series)) found.emplace(sample.series, sample.value);
    }
    CHECK(found == expected);
  }
}

TEST_CASE("online store: Chromium shows what the API says on the live page") {
  const std::filesystem::path chromium = find_daemon("chromium");
  if (is_missing("chromium", chromium)) return;
  const std::int64_t start = 1'542'844'800'000;  // a midnight
  const statwire::EventTime noon{std::chrono::milliseconds{start} + 12h};
  const AvroSchema schema{lab3_event_schema};
  StoreCounter counter{schema, {.windows = {.kept_windows = 2}, .now = [=] { return noon; }}};
  Board board{counter, Refresh::at_once};
  counter.assigned(0);
  EventEncoder encoder{schema};
  std::int64_t offset = 0;
  const auto take = [&](std::chrono::minutes at, std::string_view session,
                        std::optional<std::string_view> price) {
    counter.take(0, offset++,
                 encoder.encode(Event{.timestamp = start + std::chrono::milliseconds{at}.count(),
                                      .event_type = price ? "checkout_click" : "pageView",
                                      .session_id = session,
                                      .total_price = price}));
  };
  take(10h, "early", "1 204 000 ₽");
  board.show(statwire::EventTime{std::chrono::milliseconds{start} + 10h});
  take(12h, "a", "1 500 руб.");
  take(12h, "b", "nothing");
  for (const char* session : {"b", "c", "d"}) take(12h, session, {});
  take(9h, "late", {});
  board.show(noon - 5min);
  httplib::Server server;
  add_api(
      server, [] { return statwire::protocol::HttpUrl{}; }, board, [=] { return noon; });
  const example::Listening listening{server, {.host = "127.0.0.1", .port = 0}};

  const std::string document = shown_at(listening.address().port, chromium);
  CAPTURE(document);
  CHECK(count_of(document, "<svg role=\"img\"") == 5);
  CHECK(count_of(document, "class=\"line\"") == 2 * 5);  // with the gap from ten to noon
  expect_words(document, {R"(<data value="4">4</data> <span>users</span>)",
                          R"(<data value="1">1</data> <span>order</span>)",
                          R"(<data value="25">25</data> <span>%</span>)",
                          "<data value=\"602750\">602\u202f750</data> <span>roubles</span>",
                          "<data value=\"1205500\">1\u202f205\u202f500</data> <span>roubles</span>",
                          R"(<data id="events">6</data>)", "22 November 2018, 12:00", "Live</p>",
                          R"(<dt>price without digits</dt><dd class="some">1</dd>)",
                          R"(<dt>not Avro</dt><dd>0</dd>)", R"(<dt>of an hour</dt><dd class="some">1</dd>)",
                          "Conversion, sessions of the hour that ordered: 25 % now, 0 to 100 since 10:00"});
}

TEST_CASE("online store: the live page keeps the last figures when the server is gone, and asks less often") {
  const std::filesystem::path chromium = find_daemon("chromium");
  if (is_missing("chromium", chromium)) return;
  std::atomic<int> requests{0};
  httplib::Server server;
  server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(live_page.data(), live_page.size(), "text/html; charset=utf-8");
  });
  server.Get("/api/v1.0/figures", [&](const httplib::Request&, httplib::Response& response) {
    if (requests++ > 0) {
      response.status = 503;
      return;
    }
    // One sample, a figure that is not known, and a reason that is no HTML.
    response.set_content(R"({"now": 1542844800900, "figures": {"users_count": 1, "orders_count": 0,
        "conversion": null, "aov": 0.5, "tov": 0}, "events": 1, "bad": {"<img src=x onerror=alert(1)>": 3},
        "late": {}, "history": [[1542844800900, 1, 0, null, 0.5, 0]]})",
                         "application/json");
  });
  const example::Listening listening{server, {.host = "127.0.0.1", .port = 0}};

  const std::string document = shown_at(listening.address().port, chromium);
  CAPTURE(document);
  expect_words(document, {R"(<body class="gone">)", "Error 503 since 00:00; trying again",
                          R"(<data value="1">1</data> <span>user</span>)",
                          R"(<data value="null">–</data> <span>%</span>)", "nothing known yet</text>",
                          "<dt>&lt;img src=x onerror=alert(1)&gt;</dt>"});
  CHECK(count_of(document, "<img") == 0);
  CHECK(count_of(document, "NaN") == 0);
  CHECK(requests >= 2);
  CHECK(requests <= 4);  // in two seconds: after 0.3, 0.5 and 1 second
}
