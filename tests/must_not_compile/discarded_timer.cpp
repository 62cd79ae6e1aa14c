// A timer without a name of its own ends at once and times nothing.
// expect: nodiscard
#include "statwire/timer.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd) {
  statwire::ScopedTimer{statsd, "request"};
}
