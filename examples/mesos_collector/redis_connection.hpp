#pragma once

// One connection to Redis. hiredis writes the commands and reads the replies; the bytes go through
// TcpTransport, because hiredis' own sockets raise SIGPIPE, try one address of a host only, and limit the
// time of each read but not of a reply.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <statwire/transport/tcp.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "mesos_collector/redis_url.hpp"
#include "mesos_collector/sample_store.hpp"

struct redisReader;

namespace mesos_collector {

/// The connection ended, or never came about: another one may do better.
class ConnectionLost : public StoreAway {
 public:
  using StoreAway::StoreAway;
};

struct RedisReply {
  enum class Kind { nil, status, error, integer, text };

  Kind kind = Kind::nil;
  std::string text{};  ///< Of an error, its beginning.
};

/// A command and its arguments, of any bytes.
using RedisCommand = std::vector<std::string_view>;

/// One thread at a time. After an exception it is of no use any more.
class RedisConnection {
 public:
  /// Gets the reply to the command of this index.
  using TakeReply = std::function<void(std::size_t index, RedisReply reply)>;

  /// Connects, says who it is, selects the database, and has Redis answer. `timeout` is for connecting, and
  /// for each batch of commands later on. Throws StoreAway.
  RedisConnection(const RedisUrl& url, std::chrono::milliseconds timeout);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  /// Throws StoreAway unless Redis answers.
  void ping();

  /// Sends the commands, many at a time, and gives each reply to `take`, in order; an error of Redis is a
  /// reply, too. Throws StoreAway, and what `take` throws.
  void run(const std::vector<RedisCommand>& commands, const TakeReply& take);

  /// Throws StoreAway that says what Redis answered to a command.
  [[noreturn]] void refuse(std::string_view command, const RedisReply& reply) const;

 private:
  struct EndReader {
    void operator()(redisReader* reader) const;
  };

  void greet(const RedisUrl& url);
  void send(std::string_view bytes, statwire::Deadline deadline);
  RedisReply next_reply(statwire::Deadline deadline);
  void throw_if(std::error_code ec) const;
  [[noreturn]] void fail(const std::string& reason) const;

  std::string name_;
  std::chrono::milliseconds timeout_;
  statwire::TcpTransport transport_;
  std::unique_ptr<redisReader, EndReader> reader_;
  std::vector<char> buffer_;
};

}  // namespace mesos_collector
