#pragma once

// Where a metrics server listens, and what its clients may ask for.

#include <cstddef>
#include <cstdint>
#include <string>

namespace statwire::server {

/// Options of a MetricsServer.
struct MetricsServerOptions {
  std::string address = "127.0.0.1";  ///< An IPv4 or IPv6 address of this machine.
  std::uint16_t port = 0;             ///< 0 takes a free one; port() says which.
  /// A client that sends a longer line gets an error and is disconnected. Each connection may hold as much.
  std::size_t max_line_bytes = 65536;
  std::size_t max_connections = 10'000;  ///< A client beyond them gets an error and is disconnected.
  /// A put of a new key beyond them gets an error. How many samples these may have is the store's matter:
  /// MemoryStoreOptions::max_samples, SqliteOptions::max_bytes.
  std::size_t max_series = 1'000'000;
};

}  // namespace statwire::server
