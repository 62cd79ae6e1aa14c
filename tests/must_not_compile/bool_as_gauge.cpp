// A handle refuses what the calls by name refuse.
// expect: Numeric
#include "statwire/handles.hpp"

void misuse(const statwire::Gauge& ready) {
  ready.set(true);
}
