#pragma once

// An HTTP server on a thread of its own.

#include <atomic>
#include <statwire/detail/httplib.hpp>
#include <thread>

#include "listen_address.hpp"

namespace web_app {

/// Listens and answers for as long as it lives.
class Listening {
 public:
  /// `server` has its routes already. Throws std::runtime_error that says why it cannot listen.
  Listening(httplib::Server& server, const example::ListenAddress& address);
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  /// Takes no more connections, and answers what has come; a client that keeps its connection open and is
  /// silent holds this up for a second, and one that sends its request slowly for as long as that takes.
  ~Listening();

  /// Where it listens, with the port that was taken.
  const example::ListenAddress& address() const { return address_; }

 private:
  httplib::Server& server_;
  example::ListenAddress address_;
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

}  // namespace web_app
