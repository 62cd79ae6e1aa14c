// A timer over a handle, without a name of its own, ends at once, too.
// expect: nodiscard
#include "statwire/handles.hpp"

void misuse(const statwire::Timing& latency) {
  statwire::ScopedTimer{latency};
}
