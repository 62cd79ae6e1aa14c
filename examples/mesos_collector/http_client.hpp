#pragma once

// Gets what masters and agents answer, over a network.

#include <chrono>

#include "mesos_collector/http_get.hpp"

namespace mesos_collector {

struct HttpTimeouts {
  std::chrono::milliseconds connect{2000};  ///< The name's lookup included.
  std::chrono::milliseconds total{5000};    ///< From the lookup to the last byte.
};

/// A connection each time, and a body of 64 MiB at most. Failures: `connect_failed`, `timeout`, `no_answer`
/// (it is no HTTP, or ends too early), `too_long`, and `bad_address` for what is no http://host:port/path.
HttpGet make_http_get(HttpTimeouts timeouts = {});

}  // namespace mesos_collector
