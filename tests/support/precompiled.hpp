#pragma once

// What nearly every test includes and is slow to compile.

#include <ostream>  // before doctest, which prints std::error_code with it

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "statwire/detail/asio.hpp"
