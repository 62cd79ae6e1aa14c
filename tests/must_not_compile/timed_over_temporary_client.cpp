// A client that is made for one call starts a thread, opens a socket and ends both.
// expect: no matching function for call to .*timed
#include "statwire/timer.hpp"
#include "statwire/transport/null.hpp"

int misuse() {
  return statwire::timed(statwire::StatsdClient{statwire::NullTransport{}}, "request", [] { return 1; });
}
