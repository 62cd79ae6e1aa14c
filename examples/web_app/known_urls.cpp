#include "web_app/known_urls.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <statwire/detail/httplib.hpp>
#include <statwire/detail/json.hpp>
#include <thread>

namespace web_app {
namespace {

/// Ends what a client does when the time is up: cpp-httplib limits each of its reads, but not all of them.
class TimeLimit {
 public:
  TimeLimit(httplib::Client& client, std::chrono::milliseconds limit)
      : thread_{[this, &client, limit] {
          std::unique_lock lock{mutex_};
          if (!ended_.wait_for(lock, limit, [this] { return has_ended_; })) client.stop();
        }} {}
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit() {
    {
      const std::lock_guard lock{mutex_};
      has_ended_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;
  std::thread thread_;
};

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
  constexpr std::size_t longest_mebibytes = 8;
  httplib::Client client{contexts.host, contexts.port};
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  const TimeLimit limit{client, timeout};
  std::string body;
  const httplib::Result answer = client.Get("/contexts", [&](const char* bytes, std::size_t count) {
    body.append(bytes, count);
    return body.size() <= longest_mebibytes << 20;
  });
  constexpr int ok = 200;
  if (body.size() > longest_mebibytes << 20) {
    error = "its answer is longer than " + std::to_string(longest_mebibytes) + " MiB";
  } else if (!answer) {
    error = "no answer (" + httplib::to_string(answer.error()) + ")";
  } else if (answer->status != ok) {
    error = "it answered with the HTTP status " + std::to_string(answer->status);
  } else if (std::optional<Urls> urls = parse_urls(body)) {
    return urls;
  } else {
    error = "its answer is no list of contexts";
  }
  return std::nullopt;
}

}  // namespace web_app
