#pragma once

// The one file that includes toml++, headers only, any version from 3.3 (Debian 12).
//
// toml++ 3.3 asserts what does not hold for every text, as the three brackets of `[[[a]]]`: it would end the
// daemon, and without assertions go on into undefined behaviour. Here it throws.

namespace statsd_server {

/// The parser found itself where it cannot be: the text is no TOML, and it cannot say why.
struct ParserLost {};

constexpr void toml_expects(bool holds) {
  if (!holds) throw ParserLost{};
}

}  // namespace statsd_server

#pragma push_macro("NDEBUG")
#undef NDEBUG  // with it, toml++ tells the compiler to take for granted what it asserts
#define TOML_ASSERT(condition) ::statsd_server::toml_expects(static_cast<bool>(condition))
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>  // IWYU pragma: export
#pragma pop_macro("NDEBUG")
