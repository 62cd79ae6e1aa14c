// The compiler names the concept that the transport does not meet.
// expect: HasNoexceptSend
#include "statwire/statsd.hpp"

struct Mute {};
statwire::StatsdClient<Mute> statsd{Mute{}};
