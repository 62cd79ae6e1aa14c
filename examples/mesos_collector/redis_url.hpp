#pragma once

// Where Redis is, as one line of text: `redis://127.0.0.1/0`, `redis://:password@host:6380/2`,
// `redis://user:password@[::1]`. Without TLS, Unix sockets and settings behind a question mark.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mesos_collector {

struct RedisUrl {
  std::string user{};              ///< Empty: the default one. None without a password.
  std::string password{};          ///< Empty: none.
  std::string host = "127.0.0.1";  ///< A name, or an address without brackets.
  std::uint16_t port = 6379;
  int database = 0;

  bool operator==(const RedisUrl&) const = default;
};

/// Reads a URL, or says in `error` where it goes wrong and what is legal there; the password is never part of
/// that. In user and password, `%40` is an `@`.
std::optional<RedisUrl> parse_redis_url(std::string_view text, std::string& error);

/// For messages: `redis://host:port/database`, without user and password.
std::string to_string(const RedisUrl& url);

}  // namespace mesos_collector
