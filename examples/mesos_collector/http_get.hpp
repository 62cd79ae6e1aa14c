#pragma once

// One GET as the collector sees it; what does it over a network is in http_client.hpp.

#include <functional>
#include <string>
#include <variant>

#include "mesos_collector/failure.hpp"

namespace mesos_collector {

/// An answer of any status; redirects are not followed.
struct HttpReply {
  int status = 0;
  std::string content_type{};  ///< As the header has it, parameters included.
  std::string location{};
  std::string body{};
};

/// Gets `http://host:port/path`; may be called from several threads at once.
using HttpGet = std::function<std::variant<HttpReply, Failure>(const std::string& url)>;

}  // namespace mesos_collector
