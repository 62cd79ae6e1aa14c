#pragma once

// What an HTTP client has to do for statwire: send one POST and tell the status of the answer. HttplibPost
// does it with cpp-httplib; a test gives a fake that answers from memory, a service the client it has anyway.

#include <chrono>
#include <concepts>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/protocol/http_url.hpp"

namespace statwire {

/// One POST. The client adds Host and Content-Length, and whatever of its own it needs.
struct HttpRequest {
  protocol::HttpUrl url{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::chrono::steady_clock::time_point deadline{};  ///< When the answer has to be complete.
};

/// `post(request, ec)` sends the request, waits for the answer, and returns its status (200, 404, ...), or
/// sets `ec`: errc::connect_failed, errc::timed_out, errc::no_http_reply, or what the resolver says. It
/// follows no redirects and does not look at the body of the answer.
template <class Client>
concept HttpPost = requires(Client& client, const HttpRequest& request, std::error_code& ec) {
  { client.post(request, ec) } -> std::same_as<int>;
};

namespace detail {

class HttpStatusCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "http"; }
  std::string message(int status) const override {
    return "the server answered with the HTTP status " + std::to_string(status);
  }
};

}  // namespace detail

/// The category of answers that are not 2xx; the value of a code is the status: 404, 500, ...
inline const std::error_category& http_status_category() noexcept {
  static const detail::HttpStatusCategory category;
  return category;
}

/// The error that an HTTP status stands for; none for 2xx.
inline std::error_code http_status_error(int status) noexcept {
  if (status >= 200 && status <= 299) return {};
  return {status, http_status_category()};
}

}  // namespace statwire
