#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <optional>
#include <statwire/protocol/number.hpp>
#include <statwire/version.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "duration.hpp"

namespace example {
namespace {

std::string version_text(const std::string& program) {
  return program + " " + std::to_string(STATWIRE_VERSION_MAJOR) + "." +
         std::to_string(STATWIRE_VERSION_MINOR) + "." + std::to_string(STATWIRE_VERSION_PATCH) + "\n";
}

}  // namespace

struct CommandLine::Parser {
  Parser(const char* program, const char* description, const char* footer) : app{description, program} {
    app.footer(footer);
    app.allow_extras();  // reported by parse(), with what is right
  }

  /// In the order of --help, but --help and --version last: "--a, --b, --help and --version".
  std::string flag_names() const {
    std::string names;
    for (const CLI::Option* option : app.get_options()) {
      const std::string name = option->get_name();
      if (name != "--version" && option != app.get_help_ptr()) names += name + ", ";
    }
    return names + "--help and --version";
  }

  CLI::App app;
};

CommandLine::CommandLine(const char* program, const char* description, const char* footer)
    : parser_{std::make_unique<Parser>(program, description, footer)} {}

CommandLine::~CommandLine() = default;

void CommandLine::add_text(const std::string& flag, const char* type, const char* description,
                           std::function<void(const std::string&)> read) {
  parser_->app.add_option_function<std::string>(flag, std::move(read), description)
      ->type_name(type)
      ->take_last();
}

void CommandLine::add_texts(const std::string& flag, const char* type, const char* description,
                            std::function<void(const std::vector<std::string>&)> read) {
  parser_->app.add_option_function<std::vector<std::string>>(flag, std::move(read), description)
      ->type_name(type)
      ->allow_extra_args(false);
}

void CommandLine::add_switch(const std::string& flag, bool& target, const char* description) {
  parser_->app.add_flag(flag, target, description);
}

void CommandLine::add_switch(const std::string& flag, const char* description, std::function<void()> act) {
  parser_->app.add_flag_callback(flag, std::move(act), description);
}

std::variant<std::monostate, Answer, UsageError> CommandLine::parse(int argc, const char* const* argv) {
  CLI::App& app = parser_->app;
  const std::string program = app.get_name();
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
    return UsageError{"unknown argument '" + unknown.front() + "'; the flags are " + parser_->flag_names()};
  }
  return std::monostate{};
}

bool CommandLine::is_given(const std::string& flag) const {
  return parser_->app.count(flag) > 0;
}

std::string CommandLine::text_of(const std::string& flag, const char* usual) const {
  return is_given(flag) ? parser_->app.get_option(flag)->as<std::string>() : usual;
}

void refuse(const std::string& flag, const std::string& problem) {
  throw CLI::ValidationError{flag, problem};
}

ListenAddress read_listen_address(const char* flag, const std::string& text, const std::string& usual_port) {
  std::optional<ListenAddress> address = parse_listen_address(text);
  if (!address) {
    refuse(flag, "'" + text + "' is not address:port; write it as 127.0.0.1:" + usual_port +
                     ", 0.0.0.0:" + usual_port + " or [::1]:" + usual_port + ", with a port from 1 to 65535");
  }
  return *std::move(address);
}

ListenAddress read_address_or_free_port(const char* flag, const std::string& text,
                                        const std::string& usual_port) {
  constexpr std::string_view free_port = ":0";
  if (!text.ends_with(free_port)) return read_listen_address(flag, text, usual_port);
  const std::string host = text.substr(0, text.size() - free_port.size());
  std::optional<ListenAddress> address = parse_listen_address(host + ":1");
  if (!address) refuse(flag, "'" + host + "' is no address of IPv4 or, in brackets, IPv6");
  address->port = 0;
  return *std::move(address);
}

std::int64_t read_number(const char* flag, const std::string& text, std::int64_t least, std::int64_t most) {
  const std::optional<std::int64_t> number = statwire::protocol::parse_integer(text);
  if (!number || *number < least || *number > most) {
    refuse(flag,
           "'" + text + "' is not a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return *number;
}

std::size_t read_count(const char* flag, const std::string& text) {
  return static_cast<std::size_t>(read_number(flag, text, 1, 1'000'000'000));
}

std::chrono::milliseconds read_duration(const char* flag, const std::string& text,
                                        std::chrono::milliseconds shortest) {
  using std::chrono::milliseconds;
  constexpr milliseconds longest = std::chrono::days{365};
  const std::optional<milliseconds> duration = parse_duration(text);
  if (!duration || *duration < shortest || *duration > longest) {
    refuse(flag, "'" + text + "' is not a duration from " + std::to_string(shortest.count()) +
                     "ms to 8760h; write a number with ms, s, m or h, such as 500ms, "
                     "10s or 2m");
  }
  return *duration;
}

std::chrono::milliseconds read_run_time(const char* flag, const std::string& text) {
  return read_duration(flag, text, std::chrono::milliseconds{100});
}

}  // namespace example
