// Emission never throws, so a transport whose send may throw is refused.
// expect: HasNoexceptSend
#include "statwire/statsd.hpp"

struct Throwing {
  std::error_code send(std::string_view);
};
statwire::StatsdClient<Throwing> statsd{Throwing{}};
