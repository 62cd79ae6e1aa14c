#pragma once

// Catch2 with its benchmarks, in version 3 or 2. main.cpp alone asks for the main function and the listeners,
// which version 2 has to be told.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using EventListener = Catch::EventListenerBase;
#else
#define CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/catch.hpp>
#ifdef CATCH_CONFIG_EXTERNAL_INTERFACES
using EventListener = Catch::TestEventListenerBase;
#endif
#endif
