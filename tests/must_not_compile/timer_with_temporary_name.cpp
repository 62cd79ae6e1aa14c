// The timer keeps the name until its scope ends; a temporary string would be gone by then.
// expect: (use of|call to) deleted
#include <string>

#include "statwire/timer.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd, const std::string& route) {
  const statwire::ScopedTimer timer{statsd, "request." + route};
}
