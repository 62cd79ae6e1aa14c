#pragma once

// A TCP listener of the test's own, on a thread: keeps what each connection brought, and can vanish and come
// back as a server that is restarted does.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/loopback.hpp"

namespace statwire::test {

/// Whether a listener reads what comes, or leaves it in the buffers of its sockets.
enum class Reading { always, never };

class LineListener {
 public:
  /// Listens on a port of loopback; 0 takes a free one.
  explicit LineListener(std::uint16_t port = 0, Reading reading = Reading::always);

  /// Ends as a killed server does: what was not read is lost.
  ~LineListener();

  std::uint16_t port() const;

  std::size_t connection_count() const;

  /// Bytes of all connections.
  std::size_t size() const;

  /// Bytes that have come and are not read.
  std::size_t unread() const;

  /// What one connection brought, cut into lines; the last one is empty unless it is unfinished.
  std::vector<std::string> lines(std::size_t connection = 0) const;

  /// What all connections brought, one after the other.
  std::string text() const;

 private:
  class Peer;
  std::unique_ptr<Peer> peer_;
};

}  // namespace statwire::test
