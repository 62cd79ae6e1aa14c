#pragma once

// A client over a MemoryTransport, and what its tests ask of it.

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"

#if defined(STATWIRE_EXTERN_TEMPLATES)  // compiled once: most tests of clients have one of these
extern template class statwire::client::Outbox<statwire::testing::MemoryTransport>;
extern template class statwire::client::Engine<statwire::testing::MemoryTransport>;
extern template class statwire::StatsdClient<statwire::testing::MemoryTransport>;
#endif

namespace statwire::test {

using MemoryStatsd = StatsdClient<testing::MemoryTransport>;
using Lines = std::vector<std::string>;

/// The lines of one flush.
inline Lines flushed(MemoryStatsd& statsd) {
  statsd.transport().clear();
  statsd.flush();
  return statsd.transport().lines();
}

/// Every sample is in one figure, and none is pending.
inline void check_settled(const DeliveryStats& stats) {
  CHECK(stats.pending == 0);
  CHECK(stats.accepted == stats.sent + stats.sampled_out + stats.dropped());
}

inline const StatsdOptions manual{.flush = Flush::manual};
inline const StatsdOptions to_datadog{.profile = profiles::dogstatsd, .flush = Flush::manual};

}  // namespace statwire::test
