#pragma once

// What a command line turns out to be: options to run with, a question that is answered, or a mistake.

#include <string>
#include <variant>

namespace example {

/// What --help or --version prints.
struct Answer {
  std::string text;
};

/// One line that says what is wrong and what is right.
struct UsageError {
  std::string message;
};

template <class Options>
using Command = std::variant<Options, Answer, UsageError>;

}  // namespace example
