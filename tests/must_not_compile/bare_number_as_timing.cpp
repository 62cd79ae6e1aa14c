// A timing is a duration: 500 of what?
// expect: (use of|call to) deleted (member )?function .*timing.*a_duration_like_12ms
#include "statwire/statsd.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd) {
  statsd.timing("request", 500);
}
