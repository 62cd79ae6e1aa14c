// A handle, too, takes a duration and no number: 5 of what?
// expect: (use of|call to) deleted (member )?function .*record.*a_duration_like_12ms
#include "statwire/handles.hpp"

void misuse(const statwire::Timing& latency) {
  latency.record(5);
}
