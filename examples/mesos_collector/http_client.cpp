#include "mesos_collector/http_client.hpp"

#include <statwire/protocol/http_url.hpp>
#include <utility>

#include "http_fetch.hpp"

namespace mesos_collector {
namespace {

constexpr std::size_t longest_mebibytes = 64;

const char* type_of(example::HttpProblem::Kind kind) {
  using Kind = example::HttpProblem::Kind;
  switch (kind) {
    case Kind::no_connection:
      return "connect_failed";
    case Kind::connect_timeout:
    case Kind::timeout:
      return "timeout";
    case Kind::too_long:
      return "too_long";
    case Kind::no_answer:
      break;
  }
  return "no_answer";
}

std::variant<HttpReply, Failure> get(const std::string& url, const HttpTimeouts& timeouts) {
  const auto parts = statwire::protocol::parse_http_url(url);
  if (!parts) {
    return Failure{"bad_address", "'" + url + "' is not " + std::string{statwire::protocol::http_url_form}};
  }
  auto result = example::http_get(
      *parts, {.connect = timeouts.connect, .total = timeouts.total, .max_mebibytes = longest_mebibytes});
  if (const auto* problem = std::get_if<example::HttpProblem>(&result)) {
    return Failure{type_of(problem->kind), problem->message};
  }
  auto& [status, content_type, location, body] = std::get<example::HttpAnswer>(result);
  return HttpReply{.status = status,
                   .content_type = std::move(content_type),
                   .location = std::move(location),
                   .body = std::move(body)};
}

}  // namespace

HttpGet make_http_get(HttpTimeouts timeouts) {
  return [timeouts](const std::string& url) { return get(url, timeouts); };
}

}  // namespace mesos_collector
