#pragma once

// Reads the calls of other clients as the case files note them, in their language:
// `gauge('foo',70,rate=0.5)`, `pipeline incr foo, decr bar`. A form that is not known fails the test, so no
// case is passed over.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace statwire::test {

/// One call: texts of its arguments, quotes removed; a list counts as several arguments of the first place.
struct PythonCall {
  std::string function;
  std::vector<std::string> names;      ///< The first argument: a name or a list of names.
  std::vector<std::string> arguments;  ///< The further arguments, by position.
  std::map<std::string, std::string> keywords;

  /// The further argument at a position, else `otherwise`.
  std::string argument(std::size_t position, const std::string& otherwise) const {
    return position < arguments.size() ? arguments[position] : otherwise;
  }
  std::string keyword(const std::string& name, const std::string& otherwise) const {
    const auto found = keywords.find(name);
    return found == keywords.end() ? otherwise : found->second;
  }
};

/// Reads `function(name_or_list, arguments..., keyword=value...)`.
PythonCall parse_python_call(const std::string& text);

/// Reads `pipeline empty`, `pipeline 32 x call(...)`, or `pipeline incr foo, gauge bar -10 absolute, timing
/// baz 320`.
std::vector<PythonCall> parse_pipeline(const std::string& text);

}  // namespace statwire::test
