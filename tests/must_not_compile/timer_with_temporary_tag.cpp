// A timer keeps views of its tags until it ends, so a temporary text would dangle.
// expect: deleted function
#include <string>

#include "statwire/timer.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd, int status) {
  statwire::ScopedTimer timer{statsd, "request"};
  timer.tag("code", std::to_string(status));
}
