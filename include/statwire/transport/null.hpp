#pragma once

// A transport that takes every datagram and sends none: for benchmarks, and for builds that measure nothing.

#include <string_view>
#include <system_error>

namespace statwire {

/// A DatagramTransport that does nothing.
struct NullTransport {
  std::error_code send(std::string_view /*datagram*/) noexcept { return {}; }
};

}  // namespace statwire
