#include "support/python_call.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <regex>

#include "support/text.hpp"

namespace statwire::test {
namespace {

std::string without_quotes(const std::string& text) {
  return text.size() >= 2 && text.front() == '\'' ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

PythonCall parse_python_call(const std::string& text) {
  static const std::regex call_form{R"(^(\w+)\((\[[^\]]*\]|'[^']*'),?(.*)\).*$)"};
  std::smatch call_match;
  REQUIRE_MESSAGE(std::regex_match(text, call_match, call_form), "a call of unknown form: " << text);
  PythonCall call{.function = call_match[1], .names = {}, .arguments = {}, .keywords = {}};
  std::string names = call_match[2];
  if (names.front() == '[') names = names.substr(1, names.size() - 2);
  for (const std::string& name : split(names, ',')) call.names.push_back(without_quotes(name));
  if (call_match[3].length() == 0) return call;
  static const std::regex keyword_form{R"(^\s*(\w+)=(.*)$)"};
  for (const std::string& argument : split(call_match[3].str(), ',')) {
    std::smatch keyword_match;
    if (std::regex_match(argument, keyword_match, keyword_form)) {
      call.keywords.emplace(keyword_match[1], keyword_match[2]);
    } else {
      call.arguments.push_back(without_quotes(argument.substr(argument.find_first_not_of(' '))));
    }
  }
  return call;
}

/// baz 320`.
std::vector<PythonCall> parse_pipeline(const std::string& text) {
  const std::string body = text.substr(std::string{"pipeline "}.size());
  if (body == "empty") return {};
  static const std::regex repeat_form{R"(^(\d+) x (.*)$)"};
  std::smatch repeat_match;
  if (std::regex_match(body, repeat_match, repeat_form)) {
    return std::vector<PythonCall>(std::stoul(repeat_match[1]), parse_python_call(repeat_match[2]));
  }
  static const std::regex step_form{R"(^\s*(\w+) (\S+)(?: (\S+?))?(?: absolute)?$)"};
  std::vector<PythonCall> calls;
  for (const std::string& step : split(body, ',')) {
    std::smatch step_match;
    REQUIRE_MESSAGE(std::regex_match(step, step_match, step_form), "a step of unknown form: " << step);
    PythonCall call{.function = step_match[1], .names = {step_match[2]}, .arguments = {}, .keywords = {}};
    if (step_match[3].matched) call.arguments.push_back(step_match[3]);
    calls.push_back(call);
  }
  return calls;
}

}  // namespace statwire::test
