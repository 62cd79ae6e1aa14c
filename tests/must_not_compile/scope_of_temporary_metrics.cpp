// The scope uses the metrics until it ends; temporary ones would be gone by then.
// expect: (use of|call to) deleted
#include "statwire/requests.hpp"
#include "statwire/statsd.hpp"
#include "statwire/transport/null.hpp"

void misuse(statwire::StatsdClient<statwire::NullTransport>& statsd, const statwire::Settings& settings) {
  const auto scope = statwire::RequestMetrics{statsd, settings}.scope("/desktop");
}
