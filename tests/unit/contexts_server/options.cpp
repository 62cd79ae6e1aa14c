#include "contexts_server/options.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

using namespace contexts_server;
using example::Answer;
using example::UsageError;

namespace {

template <class Kind>
Kind parsed(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "contexts_server");
  const example::Command<Options> result =
      parse_options(static_cast<int>(arguments.size()), arguments.data());
  REQUIRE(std::holds_alternative<Kind>(result));
  return std::get<Kind>(result);
}

}  // namespace

TEST_CASE("contexts_server options: what holds without flags, and what flags say") {
  const auto defaults = parsed<Options>({});
  CHECK(to_string(defaults.listen) == "127.0.0.1:1942");
  CHECK(defaults.max_instances == 10'000);

  const auto all = parsed<Options>({"--listen=[::]:9", "--max-instances", "7"});
  CHECK(to_string(all.listen) == "[::]:9");
  CHECK(all.max_instances == 7);
  CHECK(parsed<Options>({"--max-instances", "1", "--max-instances", "2"}).max_instances == 2);
}

TEST_CASE("contexts_server options: --help names every flag, --version the version") {
  const std::string help = parsed<Answer>({"--help"}).text;
  for (const char* flag : {"--listen", "--max-instances", "--help", "--version"}) {
    CAPTURE(flag);
    CHECK(help.find(flag) != std::string::npos);
  }
  CHECK(parsed<Answer>({"--version"}).text.starts_with("contexts_server "));
}

TEST_CASE("contexts_server options: a refusal names the flag, the value and what is right") {
  struct Case {
    std::vector<const char*> arguments;
    const char* message;
  };
  const std::vector<Case> cases{
      {{"--listen", "localhost:1"},
       "--listen: 'localhost:1' is not address:port; write it as 127.0.0.1:1942, 0.0.0.0:1942 or [::1]:1942, "
       "with a port from 1 to 65535"},
      {{"--max-instances", "0"}, "--max-instances: '0' is not a number from 1 to 1000000000"},
      {{"--store", "x"},
       "unknown argument '--store'; the flags are --listen, --max-instances, --help and --version"},
  };
  for (const Case& item : cases) CHECK(parsed<UsageError>(item.arguments).message == item.message);
  for (const char* flag : {"--listen", "--max-instances"}) {
    const std::string message = parsed<UsageError>({flag}).message;
    CHECK(message.starts_with(flag));
    CHECK(message.ends_with("; contexts_server --help shows what each flag takes"));
  }
}
