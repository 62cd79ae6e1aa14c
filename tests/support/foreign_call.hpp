#pragma once

// Reads calls of StatsD clients of other languages, as the files of tests/cases/clients/ note them:
// `c.increment('hits',1,{env:'prod'})`, `C.gauge('load',42)`, `c.timing('lat',value=0.5)`,
// `for(1..400){Net::Statsd::increment('hits',0.01)}`. One grammar does for Python, JavaScript, Perl and Ruby:
// what a call means is said elsewhere (foreign_replay.hpp). A form that is not known fails the test.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace statwire::test {

/// A value as it is written, or a call.
struct ForeignValue {
  enum class Kind {
    number,  ///< Also a sum and a power of numbers, and NaN.
    text,
    word,  ///< `True`, `c.CHECKS.OK`.
    list,
    map,
    call,  ///< `text` is what is called; also `new Date(...)`.
  };

  Kind kind = Kind::word;
  std::string text{};
  std::variant<std::int64_t, std::uint64_t, double> number{};
  std::vector<ForeignValue> items{};  ///< Of a list, a map or a call.
  std::string key{};                  ///< In a map, or of a named argument.
};

/// A call, or a value that is kept in a variable.
struct ForeignStatement {
  std::string variable{};
  ForeignValue value{};
};

/// Statements, and how often they are run.
struct ForeignProgram {
  std::size_t repeats = 1;
  std::vector<ForeignStatement> statements{};
};

ForeignProgram parse_foreign(std::string_view text);

}  // namespace statwire::test
