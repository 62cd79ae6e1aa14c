// All of statwire that can be compiled once, for programs whose source files define
// STATWIRE_SEPARATE_COMPILATION; see detail/config.hpp.

#ifndef STATWIRE_SEPARATE_COMPILATION
#define STATWIRE_SEPARATE_COMPILATION
#endif

#include "statwire/src.hpp"
