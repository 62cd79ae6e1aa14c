#pragma once

// What a store of samples says when its server is away.

#include <ostream>

#include <doctest/doctest.h>

#include <string>

#include "mesos_collector/sample_store.hpp"

namespace statwire::test {

/// What a call says that finds the store away; the test fails when it does not.
template <class Call>
std::string complaint(Call call) {
  try {
    call();
  } catch (const mesos_collector::StoreAway& error) {
    return error.what();
  }
  FAIL("the store is not away");
  return {};
}

}  // namespace statwire::test
