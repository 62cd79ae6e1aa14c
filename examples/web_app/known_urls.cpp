#include "web_app/known_urls.hpp"

#include <cstddef>
#include <statwire/detail/json.hpp>

#include "http_fetch.hpp"

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
  constexpr std::size_t longest_mebibytes = 8;
  statwire::protocol::HttpUrl list = contexts;
  list.target = "/contexts";
  const std::optional<std::string> body = example::fetch(list, timeout, longest_mebibytes, error);
  if (!body) return std::nullopt;
  std::optional<Urls> urls = parse_urls(*body);
  if (!urls) error = "its answer is no list of contexts";
  return urls;
}

}  // namespace web_app
