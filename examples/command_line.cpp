#include "command_line.hpp"

#include <cstdint>
#include <optional>
#include <statwire/protocol/number.hpp>
#include <statwire/version.hpp>
#include <utility>
#include <vector>

namespace example {
namespace {

std::string version_text(const std::string& program) {
  return program + " " + std::to_string(STATWIRE_VERSION_MAJOR) + "." +
         std::to_string(STATWIRE_VERSION_MINOR) + "." + std::to_string(STATWIRE_VERSION_PATCH) + "\n";
}

/// The flags in the order of --help, but --help and --version last: "--a, --b, --help and --version".
std::string flag_names(const CLI::App& app) {
  std::string names;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    if (name != "--help" && name != "--version" && option != app.get_help_ptr()) names += name + ", ";
  }
  return names + "--help and --version";
}

}  // namespace

ListenAddress read_listen_address(const char* flag, const std::string& text, const std::string& usual_port) {
  std::optional<ListenAddress> address = parse_listen_address(text);
  if (!address) {
    throw CLI::ValidationError{
        flag, "'" + text + "' is not address:port; write it as 127.0.0.1:" + usual_port +
                  ", 0.0.0.0:" + usual_port + " or [::1]:" + usual_port + ", with a port from 1 to 65535"};
  }
  return *std::move(address);
}

std::size_t read_count(const char* flag, const std::string& text) {
  constexpr std::int64_t most = 1'000'000'000;
  const std::optional<std::int64_t> count = statwire::protocol::parse_integer(text);
  if (!count || *count < 1 || *count > most) {
    throw CLI::ValidationError{flag, "'" + text + "' is not a number from 1 to " + std::to_string(most)};
  }
  return static_cast<std::size_t>(*count);
}

std::variant<std::monostate, Answer, UsageError> parse_arguments(CLI::App& app, int argc,
                                                                 const char* const* argv) {
  const std::string program = app.get_name();
  app.allow_extras();  // reported below, with what is right
  app.add_flag_callback(
      "--version",
      [program] {
        throw CLI::CallForVersion{version_text(program), 0};
      },
      "Print the version and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Answer{version.what()};
  } catch (const CLI::ArgumentMismatch& error) {
    return UsageError{std::string{error.what()} + "; " + program + " --help shows what each flag takes"};
  } catch (const CLI::ParseError& error) {
    return UsageError{error.what()};
  }
  if (const std::vector<std::string> unknown = app.remaining(); !unknown.empty()) {
    return UsageError{"unknown argument '" + unknown.front() + "'; the flags are " + flag_names(app)};
  }
  return std::monostate{};
}

}  // namespace example
