// A handle, too, takes a duration and no number: 5 of what?
// expect: no matching function for call to .*record|no matching member function for call to 'record'
#include "statwire/handles.hpp"

void misuse(const statwire::Timing& latency) {
  latency.record(5);
}
