// A timing is a duration: 500 of what?
// expect: no matching function for call to .*timing|no matching member function for call to 'timing'
#include "statwire/statsd.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd) {
  statsd.timing("request", 500);
}
