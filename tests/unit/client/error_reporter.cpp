#include "statwire/client/error_reporter.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <system_error>
#include <vector>

namespace {

using statwire::DeliveryError;
using statwire::ErrorCallback;
using statwire::client::ErrorReporter;
using namespace std::chrono_literals;

static_assert(!std::copy_constructible<ErrorReporter>);

const std::error_code refused = std::make_error_code(std::errc::connection_refused);
const std::error_code unreachable = std::make_error_code(std::errc::network_unreachable);

/// Any moment; the others are counted from it.
constexpr ErrorReporter::TimePoint start{1h};

/// What a callback was told.
struct Told {
  std::vector<DeliveryError> errors;
  ErrorCallback callback() {
    return [this](const DeliveryError& error) { errors.push_back(error); };
  }
};

}  // namespace

TEST_CASE("error reporter: without an error nobody is called") {
  Told told;
  ErrorReporter reporter{told.callback()};
  reporter.report(start);
  reporter.report(start + 24h);
  CHECK(told.errors.empty());
}

TEST_CASE("error reporter: noting does not call, reporting does, once") {
  Told told;
  ErrorReporter reporter{told.callback()};
  reporter.note(refused);
  CHECK(told.errors.empty());
  reporter.report(start);
  REQUIRE(told.errors.size() == 1);
  CHECK(told.errors[0].code == refused);
  CHECK(told.errors[0].suppressed == 0);
  reporter.report(start);
  reporter.report(start + 24h);
  CHECK(told.errors.size() == 1);
}

TEST_CASE("error reporter: the last error is told, with the number of those before it") {
  Told told;
  ErrorReporter reporter{told.callback()};
  reporter.note(unreachable);
  reporter.note(unreachable);
  reporter.note(refused);
  reporter.report(start);
  REQUIRE(told.errors.size() == 1);
  CHECK(told.errors[0].code == refused);
  CHECK(told.errors[0].suppressed == 2);
}

TEST_CASE("error reporter: ten seconds pass between two calls, and what comes meanwhile is counted") {
  Told told;
  ErrorReporter reporter{told.callback()};
  reporter.note(refused);
  reporter.report(start);
  for (const auto after : {0ms, 1ms, 5000ms, 9999ms}) {
    reporter.note(unreachable);
    reporter.report(start + after);
  }
  CHECK(told.errors.size() == 1);
  reporter.report(start + 10s);
  REQUIRE(told.errors.size() == 2);
  CHECK(told.errors[1].code == unreachable);
  CHECK(told.errors[1].suppressed == 3);
  // The count began anew, and the next ten seconds with this call.
  reporter.note(refused);
  reporter.report(start + 19'999ms);
  CHECK(told.errors.size() == 2);
  reporter.report(start + 20s);
  REQUIRE(told.errors.size() == 3);
  CHECK(told.errors[2].code == refused);
  CHECK(told.errors[2].suppressed == 0);
}

TEST_CASE("error reporter: the first error after a long peace is told at once") {
  Told told;
  ErrorReporter reporter{told.callback()};
  reporter.note(refused);
  reporter.report(start);
  reporter.note(unreachable);
  reporter.report(start + 24h);
  REQUIRE(told.errors.size() == 2);
  CHECK(told.errors[1].suppressed == 0);
}

TEST_CASE("error reporter: a callback that causes errors and reports is not called from itself") {
  std::vector<DeliveryError> errors;
  ErrorReporter* self = nullptr;
  ErrorReporter reporter{[&](const DeliveryError& error) {
    errors.push_back(error);
    // As a client does that the callback uses; nothing may be locked.
    self->note(unreachable);
    self->report(start + 24h);
    CHECK(errors.size() == 1);
  }};
  self = &reporter;
  reporter.note(refused);
  reporter.report(start);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].code == refused);
  CHECK(errors[0].suppressed == 0);
}

TEST_CASE("error reporter: what a callback causes is told the next time") {
  std::vector<DeliveryError> errors;
  ErrorReporter* self = nullptr;
  ErrorReporter reporter{[&](const DeliveryError& error) {
    errors.push_back(error);
    if (errors.size() == 1) self->note(unreachable);
  }};
  self = &reporter;
  reporter.note(refused);
  reporter.report(start);
  reporter.report(start + 9s);
  CHECK(errors.size() == 1);
  reporter.report(start + 10s);
  REQUIRE(errors.size() == 2);
  CHECK(errors[1].code == unreachable);
  CHECK(errors[1].suppressed == 0);
  reporter.report(start + 20s);
  CHECK(errors.size() == 2);
}

TEST_CASE("error reporter: without a callback errors go nowhere") {
  ErrorReporter reporter{ErrorCallback{}};
  for (int i = 0; i < 3; ++i) {
    reporter.note(refused);
    reporter.report(start + i * 10s);
  }
  ErrorReporter null{nullptr};
  null.note(refused);
  null.report(start);
}
