// The precompiled header needs a source that uses it in the library that the tests take it from.
#include "support/precompiled.hpp"
