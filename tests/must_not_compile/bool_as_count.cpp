// A truth value is no number of things.
// expect: Numeric
#include "statwire/statsd.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd) {
  statsd.increment("ready", true);
}
