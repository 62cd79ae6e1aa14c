#include "online_store/routes.hpp"

#include <chrono>
#include <statwire/detail/json.hpp>
#include <statwire/protocol/prometheus_text.hpp>
#include <string_view>
#include <utility>

#include "http_fetch.hpp"
#include "listen_address.hpp"
#include "online_store/conversion_rate.hpp"
#include "online_store/live_page.hpp"

namespace online_store {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* json_type = "application/json";

void answer_rate(const statwire::protocol::HttpUrl& url, httplib::Response& response) {
  constexpr std::chrono::milliseconds patience{2000};
  constexpr std::size_t most_mebibytes = 4;
  constexpr int unavailable = 503;
  constexpr int failed = 500;
  std::string error;
  const std::optional<std::string> page = example::fetch(url, patience, most_mebibytes, error);
  const std::string place = "http://" + to_string(example::ListenAddress{url.host, url.port}) + url.target;
  if (!page) {
    response.status = unavailable;
    response.set_content(error_answer("no metrics page at " + place + ": " + error), json_type);
    return;
  }
  const ConversionRate rate = conversion_rate(*page);
  if (!rate.value) {
    response.status = rate.is_page ? failed : unavailable;
    response.set_content(error_answer(place + ": " + rate.problem), json_type);
    return;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  response.set_content(conversion_rate_answer(*rate.value, now.time_since_epoch().count()), json_type);
}

Json to_json(const Figures& figures) {
  Json json;
  for (const FigureField& field : figure_fields) json[std::string{field.name}] = figures.*field.value;
  return json;
}

std::string figures_answer(Board& board, statwire::EventTime now) {
  const Figures figures = board.show(now);
  const EventCounts counts = board.counts();
  Json bad;
  for (std::size_t i = 0; i < all_bad_events.size(); ++i) {
    bad[std::string{word_of(all_bad_events[i])}] = counts.bad[i];
  }
  Json history = Json::array();
  for (const History::Sample& sample : board.history()) {
    Json row{sample.time.time_since_epoch().count()};
    for (const FigureField& field : figure_fields) row.push_back(sample.figures.*field.value);
    history.push_back(std::move(row));
  }
  return Json{{"now", now.time_since_epoch().count()},
              {"figures", to_json(figures)},
              {"events", counts.taken},
              {"bad", std::move(bad)},
              {"late", {{"5m", counts.late.five_minutes}, {"1h", counts.late.hour}, {"1d", counts.late.day}}},
              {"history", std::move(history)}}
      .dump();
}

}  // namespace

void add_page(httplib::Server& server, std::function<std::string()> page) {
  server.set_pre_routing_handler(
      [page = std::move(page)](const httplib::Request& request, httplib::Response& response) {
        if (request.method != "GET" && request.method != "HEAD")
          return httplib::Server::HandlerResponse::Unhandled;
        response.set_content(page(), std::string{statwire::protocol::prometheus_content_type});
        return httplib::Server::HandlerResponse::Handled;
      });
}

void add_api(httplib::Server& server, std::function<statwire::protocol::HttpUrl()> page_url, Board& board,
             Now now) {
  server.Get(std::string{conversion_rate_path},
             [page_url = std::move(page_url)](const httplib::Request&, httplib::Response& response) {
               answer_rate(page_url(), response);
             });
  server.Get("/api/v1.0/figures",
             [&board, now = std::move(now)](const httplib::Request&, httplib::Response& response) {
               response.set_content(figures_answer(board, now()), json_type);
             });
  server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(live_page.data(), live_page.size(), "text/html; charset=utf-8");
  });
}

}  // namespace online_store
