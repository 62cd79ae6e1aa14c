// Nor does one with a name that the compiler checks.
// expect: nodiscard
#include "statwire/statsd.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd) {
  statsd.timing<"request">();
}
