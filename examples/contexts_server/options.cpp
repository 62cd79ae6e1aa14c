#include "contexts_server/options.hpp"

#include <string>

#include "command_line.hpp"

namespace contexts_server {
namespace {

example::ListenAddress read_listen(const char* flag, const std::string& text) {
  return example::read_listen_address(flag, text, "1942");
}

void add_flags(example::CommandLine& line, Options& options) {
  line.add_value("--listen", "ADDRESS:PORT", options.listen, "Where to listen (default 127.0.0.1:1942)",
                 read_listen);
  line.add_value("--max-instances", "N", options.max_instances,
                 "Refuse new instances beyond so many (default 10000)", example::read_count);
}

}  // namespace

example::Command<Options> parse_options(int argc, const char* const* argv) {
  example::CommandLine line{
      "contexts_server",
      "Takes the contexts of instances at POST /register, and lists them at GET /contexts,\n"
      "until SIGTERM or SIGINT. They are kept in memory.",
      "There is no password: whoever reaches the address may read and register."};
  return example::parse_command<Options>(line, argc, argv, add_flags);
}

}  // namespace contexts_server
