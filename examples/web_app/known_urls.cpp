#include "web_app/known_urls.hpp"

#include <algorithm>
#include <cstddef>
#include <statwire/detail/json.hpp>
#include <statwire/error.hpp>
#include <statwire/transport/tcp.hpp>
#include <system_error>
#include <vector>

#include "listen_address.hpp"

namespace web_app {
namespace {

/// The whole answer. cpp-httplib would limit each of its reads, but not all of them; and in HTTP/1.0 an
/// answer is what comes until the connection ends.
std::optional<std::string> ask(const statwire::protocol::HttpUrl& contexts, statwire::Deadline deadline,
                               std::string& error) {
  constexpr std::size_t longest_mebibytes = 8;
  const std::string host = to_string(example::ListenAddress{.host = contexts.host, .port = contexts.port});
  const std::string request = "GET /contexts HTTP/1.0\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
  statwire::TcpTransport connection{contexts.host, contexts.port};
  std::error_code ec;
  connection.connect(deadline, ec);
  for (std::string_view left{request}; !ec && !left.empty();)
    left.remove_prefix(connection.write_some(left, deadline, ec));
  std::string answer;
  std::vector<char> buffer(64 << 10);
  while (!ec && answer.size() <= longest_mebibytes << 20)
    answer.append(buffer.data(), connection.read_some(buffer, deadline, ec));
  if (ec == statwire::errc::end_of_stream) return answer;
  error = ec ? "no answer (" + ec.message() + ")"
             : "its answer is longer than " + std::to_string(longest_mebibytes) + " MiB";
  return std::nullopt;
}

}  // namespace

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
  const auto answer = ask(contexts, std::chrono::steady_clock::now() + timeout, error);
  if (!answer) return std::nullopt;
  const std::string_view text{*answer};
  constexpr std::string_view head_end = "\r\n\r\n";
  const std::size_t head_size = text.find(head_end);
  // HTTP/1.1 200 OK
  constexpr std::size_t status_at = 9;
  constexpr std::size_t status_digits = 3;
  const std::string_view status = text.substr(std::min(text.size(), status_at), status_digits);
  if (!text.starts_with("HTTP/1.") || head_size == std::string_view::npos ||
      status.find_first_not_of("0123456789") != std::string_view::npos) {
    error = "its answer is no HTTP";
    return std::nullopt;
  }
  if (status != "200") {
    error = "it answered with the HTTP status " + std::string{status};
    return std::nullopt;
  }
  std::optional<Urls> urls = parse_urls(text.substr(head_size + head_end.size()));
  if (!urls) error = "its answer is no list of contexts";
  return urls;
}

}  // namespace web_app
