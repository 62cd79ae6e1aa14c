#include "mesos_collector/redis_url.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>

using mesos_collector::parse_redis_url;
using mesos_collector::RedisUrl;

namespace {

RedisUrl parsed(const std::string& text) {
  std::string error;
  const auto url = parse_redis_url(text, error);
  REQUIRE_MESSAGE(url, text << ": " << error);
  CHECK(error == "");
  return *url;
}

const std::string whole =
    "; a whole one is redis://user:password@host:port/database, of which only the host is needed";

const std::string host = "a host name, an IPv4 address, or an IPv6 address in brackets";

std::string complaint(const std::string& text) {
  std::string error;
  CHECK_FALSE(parse_redis_url(text, error));
  REQUIRE(error.ends_with(whole));
  return error.substr(0, error.size() - whole.size());
}

}  // namespace

TEST_CASE("redis url: every part but the host may be left out") {
  CHECK(parsed("redis://127.0.0.1/0") == RedisUrl{});
  CHECK(parsed("redis://127.0.0.1") == RedisUrl{});
  CHECK(parsed("redis://127.0.0.1/") == RedisUrl{});
  CHECK(parsed("redis://cache.example.com:6380/15") ==
        RedisUrl{.host = "cache.example.com", .port = 6380, .database = 15});
  CHECK(parsed("redis://[::1]/2147483647") == RedisUrl{.host = "::1", .database = 2147483647});
  CHECK(parsed("redis://[fe80::1%eth0]:65535") == RedisUrl{.host = "fe80::1%eth0", .port = 65535});
  CHECK(parsed("redis://:secret@h") == RedisUrl{.password = "secret", .host = "h"});
  CHECK(parsed("redis://me:secret@h:1/1") ==
        RedisUrl{.user = "me", .password = "secret", .host = "h", .port = 1, .database = 1});
}

TEST_CASE("redis url: what is special in a user or a password is escaped, unless nothing could be mistaken") {
  CHECK(parsed("redis://a%3ab:%40%2F%25%3F%c3%BC@h") ==
        RedisUrl{.user = "a:b", .password = "@/%?\xc3\xbc", .host = "h"});
  CHECK(parsed("redis://u:p@ss:word@h") == RedisUrl{.user = "u", .password = "p@ss:word", .host = "h"});
  CHECK(parsed("redis://:%00@h").password == std::string(1, '\0'));
}

TEST_CASE("redis url: a refusal says where it goes wrong, and what is legal there") {
  CHECK(complaint("") == "at byte 0: expected redis://");
  CHECK(complaint("127.0.0.1:6379") == "at byte 0: expected redis://");
  CHECK(complaint("rediss://h") == "at byte 0: expected redis://");
  CHECK(complaint("unix:///run/redis.sock") == "at byte 0: expected redis://");
  CHECK(complaint("redis://") == "at byte 8: expected " + host);
  CHECK(complaint("redis:///0") == "at byte 8: expected " + host);
  CHECK(complaint("redis://:secret@") == "at byte 16: expected " + host);
  CHECK(complaint("redis://h:0") == "at byte 10: expected a port from 1 to 65535");
  CHECK(complaint("redis://h:65536/0") == "at byte 10: expected a port from 1 to 65535");
  CHECK(complaint("redis://h:/0") == "at byte 10: expected a port from 1 to 65535");
  CHECK(complaint("redis://h i") == "at byte 9: expected ':' and a port, or the end");
  CHECK(complaint("redis://[::1") == "at byte 12: expected ']' after the IPv6 address");
  const std::string database = "expected '/' and the number of a database, or the end";
  CHECK(complaint("redis://h/x") == "at byte 9: " + database);
  CHECK(complaint("redis://h/-1") == "at byte 9: " + database);
  CHECK(complaint("redis://h/1/") == "at byte 9: " + database);
  CHECK(complaint("redis://h/2147483648") == "at byte 9: " + database);
  CHECK(complaint("redis://h?db=1") == "at byte 9: " + database);
  CHECK(complaint("redis://h/0?db=1") == "at byte 9: " + database);
  CHECK(complaint("redis://h#0") == "at byte 9: " + database);
}

TEST_CASE("redis url: a refusal never repeats a password") {
  const std::string digits = "at byte 16: expected '%' and two hexadecimal digits, such as %25 for '%'";
  CHECK(complaint("redis://:secret1%@h") == digits);
  CHECK(complaint("redis://:secret1%4@h") == digits);
  CHECK(complaint("redis://:secret1%4x@h") == digits);
  CHECK(complaint("redis://:secret1% 4@h") == digits);
  CHECK(complaint("redis://:secret1%-4@h") == digits);
  CHECK(complaint("redis://secret@h") == "at byte 14: expected ':' and a password before the '@'");
  CHECK(complaint("redis://user:@h") == "at byte 13: expected a password behind the ':'");
  CHECK(complaint("redis://:@h") == "at byte 9: expected a password behind the ':'");
  CHECK(complaint("redis://:sec/ret@h") == "at byte 8: expected " + host);
}

TEST_CASE("redis url: messages name the server, and not who logs in there") {
  CHECK(to_string(parsed("redis://me:secret@h")) == "redis://h:6379/0");
  CHECK(to_string(parsed("redis://[::1]:1/2")) == "redis://[::1]:1/2");
}
