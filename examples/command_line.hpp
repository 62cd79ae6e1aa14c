#pragma once

// How the programs read their flags: what they have in common, down to the words of a refusal. CLI11, which
// reads them, is included by one file only, for it takes compilers long.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "command.hpp"
#include "listen_address.hpp"

namespace example {

/// The flags of a program, beside --help and --version.
class CommandLine {
 public:
  CommandLine(const char* program, const char* description, const char* footer = "");
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  /// A flag with a value, which `read` is called with; the last one counts. `-p,--port` are two names of one.
  void add_text(const std::string& flag, const char* type, const char* description,
                std::function<void(const std::string&)> read);

  /// The same, and all count.
  void add_texts(const std::string& flag, const char* type, const char* description,
                 std::function<void(const std::vector<std::string>&)> read);

  /// A flag whose value `read(flag, text)` makes `target` of.
  template <class Target, class Read>
  void add_value(const char* flag, const char* type, Target& target, const char* description, Read read) {
    add_text(flag, type, description,
             [&target, flag, read](const std::string& text) { target = read(flag, text); });
  }

  /// A flag without a value.
  void add_switch(const std::string& flag, bool& target, const char* description);
  void add_switch(const std::string& flag, const char* description, std::function<void()> act);

  /// Reads the arguments into what the flags point to. `std::monostate` when there is nothing to say; a
  /// UsageError for what is no flag names all of them.
  std::variant<std::monostate, Answer, UsageError> parse(int argc, const char* const* argv);

  /// Of the arguments that were read.
  bool is_given(const std::string& flag) const;
  std::string text_of(const std::string& flag, const char* usual) const;  ///< `usual` when it is not given.

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// What a reader of a value calls when it is wrong: the parsing ends with "flag: problem".
[[noreturn]] void refuse(const std::string& flag, const std::string& problem);

/// What flags may hold. The refusal names the flag, the value and what is right.
ListenAddress read_listen_address(const char* flag, const std::string& text, const std::string& usual_port);
ListenAddress read_address_or_free_port(const char* flag, const std::string& text,
                                        const std::string& usual_port);  ///< Port 0 is legal.
std::int64_t read_number(const char* flag, const std::string& text, std::int64_t least, std::int64_t most);
std::size_t read_count(const char* flag, const std::string& text);
std::chrono::milliseconds read_duration(const char* flag, const std::string& text,
                                        std::chrono::milliseconds shortest);         ///< A year at most.
std::chrono::milliseconds read_run_time(const char* flag, const std::string& text);  ///< 100 ms at least.

/// What add_value() takes for a number in these bounds, which the type holds.
template <class Number = std::size_t>
auto number_reader(std::int64_t least, std::int64_t most) {
  return [least, most](const char* flag, const std::string& text) {
    return static_cast<Number>(read_number(flag, text, least, most));
  };
}

/// Options of a program, as `add_flags(line, options)` has them read from its arguments.
template <class Options, class AddFlags>
Command<Options> parse_command(CommandLine& line, int argc, const char* const* argv, AddFlags add_flags) {
  Options options;
  add_flags(line, options);
  auto result = line.parse(argc, argv);
  if (auto* answer = std::get_if<Answer>(&result)) return std::move(*answer);
  if (auto* error = std::get_if<UsageError>(&result)) return std::move(*error);
  return options;
}

}  // namespace example
