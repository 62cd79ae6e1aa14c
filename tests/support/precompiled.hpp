#pragma once

// What every test includes. Asio and JSON are left out: loading them would cost the many tests that do not
// need them more than it saves the few that do.

#include <ostream>  // before doctest, which prints std::error_code with it

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>
