// A call that makes a handle counts nothing.
// expect: nodiscard
#include "statwire/statsd.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd) {
  statsd.counter("x");
}
