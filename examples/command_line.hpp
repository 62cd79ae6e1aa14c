#pragma once

// How the daemons read their flags, over CLI11: what they have in common, down to the words of a refusal.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "command.hpp"
#include "listen_address.hpp"

namespace example {

/// What flags may hold. The refusal names the flag, the value and what is right.
ListenAddress read_listen_address(const char* flag, const std::string& text, const std::string& usual_port);
ListenAddress read_address_or_free_port(const char* flag, const std::string& text,
                                        const std::string& usual_port);  ///< Port 0 is legal.
std::int64_t read_number(const char* flag, const std::string& text, std::int64_t least, std::int64_t most);
std::size_t read_count(const char* flag, const std::string& text);
std::chrono::milliseconds read_duration(const char* flag, const std::string& text,
                                        std::chrono::milliseconds shortest);         ///< A year at most.
std::chrono::milliseconds read_run_time(const char* flag, const std::string& text);  ///< 100 ms at least.

/// What add_flag() takes for a number in these bounds, which the type holds.
template <class Number = std::size_t>
auto number_reader(std::int64_t least, std::int64_t most) {
  return [least, most](const char* flag, const std::string& text) {
    return static_cast<Number>(read_number(flag, text, least, most));
  };
}

/// Adds a flag whose value is read by `read(flag, text)` into `target`.
template <class Target, class Read>
void add_flag(CLI::App& app, const char* flag, const char* type, Target& target, const char* description,
              Read read) {
  app.add_option_function<std::string>(
         flag, [&target, flag, read](const std::string& text) { target = read(flag, text); }, description)
      ->type_name(type)
      ->take_last();
}

/// Reads the arguments into what the flags of `app` point to, and adds --version. `std::monostate` when there
/// is nothing to say; a UsageError for what is no flag names all of them.
std::variant<std::monostate, Answer, UsageError> parse_arguments(CLI::App& app, int argc,
                                                                 const char* const* argv);

/// Options of a daemon, as `add_flags(app, options)` has them read from its arguments.
template <class Options, class AddFlags>
Command<Options> parse_command(CLI::App& app, int argc, const char* const* argv, AddFlags add_flags) {
  Options options;
  add_flags(app, options);
  auto result = parse_arguments(app, argc, argv);
  if (auto* answer = std::get_if<Answer>(&result)) return std::move(*answer);
  if (auto* error = std::get_if<UsageError>(&result)) return std::move(*error);
  return options;
}

}  // namespace example
