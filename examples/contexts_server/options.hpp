#pragma once

// The command line of contexts_server.

#include <cstddef>

#include "command.hpp"
#include "listen_address.hpp"

namespace contexts_server {

struct Options {
  example::ListenAddress listen{.host = "127.0.0.1", .port = 1942};
  std::size_t max_instances = 10'000;
};

example::Command<Options> parse_options(int argc, const char* const* argv);

}  // namespace contexts_server
