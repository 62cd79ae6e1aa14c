#pragma once

// What the examples of the metrics server take from their command line: nothing, or a host and a port.

#include <cstdint>
#include <iostream>
#include <limits>
#include <optional>
#include <statwire/protocol/number.hpp>
#include <string>

namespace example {

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

/// Whether the arguments are right; complains when not. `address` is where they point to, none for a server
/// of the example's own.
inline bool parse_arguments(int argc, char** argv, std::optional<Address>& address) {
  if (argc == 1) return true;
  if (argc == 3) {
    const std::optional<std::int64_t> port = statwire::protocol::parse_integer(argv[2]);
    if (port && *port >= 1 && *port <= std::numeric_limits<std::uint16_t>::max()) {
      address = Address{argv[1], static_cast<std::uint16_t>(*port)};
      return true;
    }
  }
  const std::string name = argv[0];
  const std::string program = name.substr(name.rfind('/') + 1);
  std::cerr << program << ": give no arguments, or a host and a port from 1 to 65535: " << program
            << " 127.0.0.1 8888\n";
  return false;
}

}  // namespace example
