#include "statwire/error.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <set>
#include <string>

TEST_CASE("error: every code has a message of its own") {
  std::set<std::string> messages;
  constexpr int last = static_cast<int>(statwire::errc::invalid_family);
  for (int value = 1; value <= last; ++value) {
    const std::string message = make_error_code(static_cast<statwire::errc>(value)).message();
    CHECK_MESSAGE(message.find("unknown") == std::string::npos, value);
    CHECK_MESSAGE(messages.insert(message).second, message);
  }
  CHECK(make_error_code(static_cast<statwire::errc>(last + 1)).message() ==
        "unknown error " + std::to_string(last + 1));
}

TEST_CASE("error: codes that the system knows too compare equal to its conditions") {
  CHECK(make_error_code(statwire::errc::timed_out) == std::errc::timed_out);
  CHECK(make_error_code(statwire::errc::not_connected) == std::errc::not_connected);
  CHECK(make_error_code(statwire::errc::invalid_option) == std::errc::invalid_argument);
  CHECK(make_error_code(statwire::errc::invalid_key) != std::errc::invalid_argument);
}

TEST_CASE("error: a ClientError is a system_error and keeps its code") {
  const statwire::ClientError error{statwire::errc::invalid_key, "statwire: put"};
  const std::system_error& base = error;
  CHECK(base.code() == statwire::errc::invalid_key);
  CHECK(base.code().category().name() == std::string{"statwire"});
  CHECK(std::string{base.what()}.starts_with("statwire: put: the key is empty"));
}
