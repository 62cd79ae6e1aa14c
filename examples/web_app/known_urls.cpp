#include "web_app/known_urls.hpp"

#include <statwire/detail/httplib.hpp>
#include <statwire/detail/json.hpp>

namespace web_app {

std::optional<Urls> parse_urls(std::string_view json) {
  using Json = nlohmann::json;
  const Json document = Json::parse(json.begin(), json.end(), nullptr, false);
  if (!document.is_object() || !document.contains("contexts")) return std::nullopt;
  Urls urls;
  for (const Json& context : document["contexts"]) {
    const Json::json_pointer place{"/info/controller"};
    if (!context.is_object()) return std::nullopt;
    if (!context.contains(place)) continue;  // an application of another kind
    if (!context[place].is_object()) return std::nullopt;
    for (const auto& [hash, controller] : context[place].items()) {
      if (!controller.is_object() || !controller.contains("url") || !controller["url"].is_string()) {
        return std::nullopt;
      }
      urls[hash] = controller["url"].get<std::string>();
    }
  }
  return urls;
}

std::optional<Urls> fetch_urls(const statwire::protocol::HttpUrl& contexts, std::chrono::seconds timeout,
                               std::string& error) {
  httplib::Client client{contexts.host, contexts.port};
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  const httplib::Result answer = client.Get("/contexts");
  if (!answer) {
    error = "no answer (" + httplib::to_string(answer.error()) + ")";
    return std::nullopt;
  }
  constexpr int ok = 200;
  if (answer->status != ok) {
    error = "it answered with the HTTP status " + std::to_string(answer->status);
    return std::nullopt;
  }
  std::optional<Urls> urls = parse_urls(answer->body);
  if (!urls) error = "its answer is no list of contexts";
  return urls;
}

}  // namespace web_app
