// The timer uses the handle when its scope ends; a temporary one would be gone by then.
// expect: (use of|call to) deleted
#include "statwire/statsd.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd) {
  const statwire::ScopedTimer timer{statsd.timing("request")};
}
