#pragma once

// How a call that cannot go on says so: with ClientError, or, where the compiler is told to know no
// exceptions
// (-fno-exceptions), with a message on standard error and an abort. Builds without exceptions use the
// overloads that set an error_code, which never come here.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

#include "statwire/error.hpp"

namespace statwire::detail {

[[noreturn]] inline void fail(std::error_code ec, const std::string& what) {
#if defined(__cpp_exceptions)
  throw ClientError{ec, what};
#else
  std::fprintf(stderr, "%s: %s\n", what.c_str(), ec.message().c_str());
  std::abort();
#endif
}

}  // namespace statwire::detail
