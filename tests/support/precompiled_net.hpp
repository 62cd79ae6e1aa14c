#pragma once

// What tests of programs with sockets and JSON include: half of what compiling most of them costs.

#include "statwire/detail/asio.hpp"
#include "statwire/detail/json.hpp"
#include "support/precompiled.hpp"
