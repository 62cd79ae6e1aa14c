#pragma once

// What a call or a handle may be given besides its name and value. Included by statsd.hpp and handles.hpp.

#include <cstdint>

#include "statwire/protocol/tag.hpp"

namespace statwire {

/// Options of one call or one handle.
struct MetricOptions {
  TagList tags{};  ///< Replace those of the scope and the client that have the same key.
  /// Share of the calls that are sent, above 0, at most 1; one in N with a whole N, the nearest to it. The
  /// server multiplies back. Aggregated counters need none: all calls count; and so do all those of gauges
  /// and sets, but where each call is a datagram.
  double rate = 1;
  /// When it happened, in Unix seconds, for counters and gauges of profiles with timestamps; such samples are
  /// not aggregated. 0 is now.
  std::int64_t timestamp = 0;
};

}  // namespace statwire
