#pragma once

// An HTTP server on threads of its own.

#include <atomic>
#include <cstddef>
#include <statwire/detail/httplib.hpp>
#include <thread>

#include "listen_address.hpp"

namespace example {

struct ListeningOptions {
  std::size_t connections = 64;  ///< At once; a thread serves one from its first request to its last.
  std::size_t requests_of_connection = 100'000;
  std::size_t longest_body = 64 << 10;
};

/// Listens and answers for as long as it lives.
class Listening {
 public:
  /// `server` has its routes already. Throws std::runtime_error that says why it cannot listen.
  Listening(httplib::Server& server, const ListenAddress& address, const ListeningOptions& options = {});
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  /// Takes no more connections, and answers what has come; a client that keeps its connection open and is
  /// silent holds this up for a second, and one that is slow to send its request or to take its answer for as
  /// long as that takes, a second a try.
  ~Listening();

  /// Where it listens, with the port that was taken.
  const ListenAddress& address() const { return address_; }

 private:
  httplib::Server& server_;
  ListenAddress address_;
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

}  // namespace example
