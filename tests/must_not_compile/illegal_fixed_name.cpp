// A name that the compiler is given is checked by it.
// expect: a metric name is letters, digits
#include "statwire/statsd.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd) {
  statsd.counter<"hits total">();
}
