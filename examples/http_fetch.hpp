#pragma once

// One GET over HTTP, within bounds of time and size.

#include <chrono>
#include <cstddef>
#include <optional>
#include <statwire/protocol/http_url.hpp>
#include <string>
#include <variant>

namespace example {

struct HttpLimits {
  std::chrono::milliseconds connect{};  ///< The name's lookup and the connection, within the total.
  std::chrono::milliseconds total{};    ///< From the lookup to the last byte of the answer.
  std::size_t max_mebibytes = 0;        ///< Of the body, as it is when it is decompressed.
};

/// An answer of any status.
struct HttpAnswer {
  int status = 0;
  std::string content_type{};  ///< As the header has it, parameters included; empty when it has none.
  std::string location{};      ///< Likewise.
  std::string body{};
};

/// Why there is no answer.
struct HttpProblem {
  enum class Kind {
    no_connection,
    connect_timeout,
    no_answer,  ///< It is no HTTP/1, has more than 16 KiB of header, or ends too early.
    timeout,
    too_long,
  };

  Kind kind{};
  std::string message{};
};

/// Gets a URL over a connection of its own; follows no redirects. Threads: any number at a time. Raises no
/// SIGPIPE. A name is looked up on a thread of its own, which is left behind when the time is up first: the
/// system's resolver cannot be told to end.
std::variant<HttpAnswer, HttpProblem> http_get(const statwire::protocol::HttpUrl& url,
                                               const HttpLimits& limits);

/// The body of an answer with status 200; none: `error` says why. `timeout` is for all of it.
std::optional<std::string> fetch(const statwire::protocol::HttpUrl& url, std::chrono::milliseconds timeout,
                                 std::size_t max_mebibytes, std::string& error);

}  // namespace example
