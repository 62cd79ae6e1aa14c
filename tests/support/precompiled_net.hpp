#pragma once

// What tests of programs with sockets and JSON include: a fifth of what compiling them costs.

#include "statwire/detail/asio.hpp"
#include "statwire/detail/json.hpp"
#include "support/precompiled.hpp"
