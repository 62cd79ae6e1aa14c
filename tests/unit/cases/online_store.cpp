// tests/cases/001_online_store.json: what the original's calculator, republisher and API did.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "online_store/conversion_rate.hpp"
#include "online_store/metrics_page.hpp"
#include "online_store/publisher.hpp"
#include "online_store/store_windows.hpp"

using namespace online_store;
using statwire::EventTime;
using Json = nlohmann::json;

namespace {

Json load_cases() {
  std::ifstream file{STATWIRE_TEST_CASES "/001_online_store.json"};
  return Json::parse(file);
}

EventTime time_of(const Json& milliseconds) {
  return EventTime{std::chrono::milliseconds{milliseconds.get<std::int64_t>()}};
}

void check_figures(const Figures& figures, const Json& wanted) {
  for (const FigureField& field : figure_fields) {
    CAPTURE(field.name);
    CHECK(figures.*field.value == wanted.at(std::string{field.name}).get<double>());
  }
}

/// The fields of an event, whose texts have to stay.
struct Fields {
  explicit Fields(const Json& json)
      : timestamp{json.at("timestamp").get<std::int64_t>()},
        type{json.at("eventType").get<std::string>()},
        session{json.at("sessionId").get<std::string>()} {
    if (!json.at("total_price").is_null()) price = json.at("total_price").get<std::string>();
  }

  Event event() const { return {timestamp, type, session, price}; }

  std::int64_t timestamp;
  std::string type;
  std::string session;
  std::optional<std::string> price;
};

}  // namespace

TEST_CASE("online store: compatible windows give the original's gauges, pages and zeros in every case") {
  const Json file = load_cases();
  REQUIRE(file.at("cases").size() >= 14);
  for (const Json& wanted : file.at("cases")) {
    CAPTURE(wanted.at("name"));
    StoreWindows windows{{.behaviour = Behaviour::compatible}};
    const auto last = [&] { return EventTime{std::chrono::milliseconds{windows.last_message_time()}}; };
    for (const Json& step : wanted.at("steps")) {
      CAPTURE(step.dump());
      REQUIRE(windows.take(Fields{step.at("event")}.event()) == std::nullopt);
      check_figures(windows.at(last()), step.at("gauges"));
      CHECK(static_cast<double>(windows.last_message_time()) ==
            step.at("gauges").at("last_message_time").get<double>());
    }
    CHECK(raw_page(windows.at(last()), windows.last_message_time()) ==
          wanted.at("raw_page_8012").get<std::string>());
    if (!wanted.contains("republished_8013")) continue;
    for (const Json& shown : wanted.at("republished_8013")) {
      CAPTURE(shown.dump());
      Publisher republisher{Refresh::as_original};
      check_figures(
          republisher.refresh(time_of(shown.at("now_ms")), [&](EventTime time) { return windows.at(time); }),
          shown.at("gauges"));
    }
  }
}

TEST_CASE("online store: the API answers what the original's answered") {
  const Json file = load_cases();
  const Json& api = file.at("api");
  CHECK(api.at("path") == conversion_rate_path);
  for (const Json& wanted : api.at("get_conversion")) {
    Figures figures;
    figures.conversion = wanted.at("page_value").get<double>();
    CHECK(conversion_rate(compatible_page(figures)).value == wanted.at("returns").get<double>());
  }
  Figures figures;
  figures.conversion = api.at("example").at("page_conversion").get<double>();
  Json answer = api.at("example").at("json");
  answer["timestamp"] = 1542848400;
  CHECK(Json::parse(conversion_rate_answer(*conversion_rate(compatible_page(figures)).value, 1542848400)) ==
        answer);
}
