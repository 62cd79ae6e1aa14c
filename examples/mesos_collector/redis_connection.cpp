#include "mesos_collector/redis_connection.hpp"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <new>
#include <statwire/error.hpp>
#include <utility>

namespace mesos_collector {
namespace {

using statwire::deadline_after;

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

/// What is sent before its replies are awaited, so that neither side has to hold much.
constexpr std::size_t batch_bytes = 64 * 1024;
constexpr std::size_t batch_commands = 1000;

/// A peer that is no Redis may send for ever without that a reply becomes whole.
constexpr std::size_t max_unread_bytes = 64 * 1024 * 1024;

/// hiredis' own functions, but for arrays. None of our commands has one, and hiredis would allocate as many
/// elements as a peer announces.
redisReplyObjectFunctions* reply_functions() {
  static redisReplyObjectFunctions functions = [] {
    redisReader* const usual = redisReaderCreate();
    redisReplyObjectFunctions copy = *usual->fn;
    redisReaderFree(usual);
    copy.createArray = [](const redisReadTask*, int) -> void* { return nullptr; };
    return copy;
  }();
  return &functions;
}

void append(std::string& bytes, const RedisCommand& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  const int size = redisFormatCommandArgv(&text, static_cast<int>(words.size()), words.data(), sizes.data());
  if (size < 0) throw std::bad_alloc{};
  const std::unique_ptr<char, decltype(&redisFreeCommand)> owner{text, redisFreeCommand};
  bytes.append(text, static_cast<std::size_t>(size));
}

RedisReply to_reply(const redisReply& reply) {
  using Kind = RedisReply::Kind;
  constexpr std::size_t max_error_bytes = 256;  // it ends up in a log
  switch (reply.type) {
    case REDIS_REPLY_STRING:
      return {Kind::text, {reply.str, reply.len}};
    case REDIS_REPLY_STATUS:
      return {Kind::status, {reply.str, reply.len}};
    case REDIS_REPLY_ERROR:
      return {Kind::error, {reply.str, std::min(reply.len, max_error_bytes)}};
    case REDIS_REPLY_INTEGER:
      return {Kind::integer, std::to_string(reply.integer)};
    default:
      return {};
  }
}

}  // namespace

void RedisConnection::EndReader::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

RedisConnection::RedisConnection(const RedisUrl& url, std::chrono::milliseconds timeout)
    : name_{to_string(url)},
      timeout_{timeout},
      transport_{url.host, url.port},
      reader_{redisReaderCreateWithFunctions(reply_functions())},
      buffer_(16 * 1024) {
  if (!reader_) throw std::bad_alloc{};
  std::error_code ec;
  transport_.connect(deadline_after(timeout_), ec);
  throw_if(ec);
  greet(url);
}

/// An error ends it at once: a server that has too many clients says so, unasked, and closes.
void RedisConnection::greet(const RedisUrl& url) {
  const std::string database = std::to_string(url.database);
  std::vector<RedisCommand> commands;
  if (!url.user.empty()) {
    commands.push_back({"AUTH", url.user, url.password});
  } else if (!url.password.empty()) {
    commands.push_back({"AUTH", url.password});
  }
  if (url.database != 0) commands.push_back({"SELECT", database});
  commands.push_back({"PING"});
  run(commands, [&](std::size_t index, RedisReply reply) {
    if (reply.kind == RedisReply::Kind::status) return;
    // Redis repeats the arguments of a command that it does not know.
    const bool tells = !url.password.empty() && reply.text.find(url.password) != std::string::npos;
    if (tells) reply.text = "an error that repeats the password";
    refuse(commands[index][0], reply);
  });
}

void RedisConnection::ping() {
  run({{"PING"}}, [&](std::size_t, const RedisReply& reply) {
    if (reply.kind != RedisReply::Kind::status) refuse("PING", reply);
  });
}

void RedisConnection::run(const std::vector<RedisCommand>& commands, const TakeReply& take) {
  std::string batch;
  for (std::size_t begin = 0, end = 0; begin < commands.size(); begin = end) {
    batch.clear();
    while (end < commands.size() && end - begin < batch_commands && batch.size() < batch_bytes) {
      append(batch, commands[end++]);
    }
    const statwire::Deadline deadline = deadline_after(timeout_);
    send(batch, deadline);
    for (std::size_t i = begin; i < end; ++i) take(i, next_reply(deadline));
  }
  if (reader_->pos < reader_->len) fail("more replies than commands");
}

void RedisConnection::refuse(std::string_view command, const RedisReply& reply) const {
  using Kind = RedisReply::Kind;
  const std::string answer = [&]() -> std::string {
    switch (reply.kind) {
      case Kind::error:
        return reply.text;
      case Kind::nil:
        return "answered by nothing";
      case Kind::integer:
        return "answered by the number " + reply.text;
      default:
        return "answered by a text of " + std::to_string(reply.text.size()) + " bytes";
    }
  }();
  fail(std::string{command} + ": " + answer);
}

/// What Redis answers meanwhile is short, or it keeps that itself.
void RedisConnection::send(std::string_view bytes, statwire::Deadline deadline) {
  while (!bytes.empty()) {
    std::error_code ec;
    bytes.remove_prefix(transport_.write_some(bytes, deadline, ec));
    throw_if(ec);
  }
}

RedisReply RedisConnection::next_reply(statwire::Deadline deadline) {
  for (;;) {
    void* found = nullptr;
    if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) {
      const bool is_array = reader_->err == REDIS_ERR_OOM;
      fail(std::string{"its reply is none: "} + (is_array ? "an array" : reader_->errstr));
    }
    const std::unique_ptr<redisReply, FreeReply> reply{static_cast<redisReply*>(found)};
    if (reply) return to_reply(*reply);
    std::error_code ec;
    const std::size_t size = transport_.read_some(buffer_, deadline, ec);
    throw_if(ec);
    if (redisReaderFeed(reader_.get(), buffer_.data(), size) != REDIS_OK) throw std::bad_alloc{};
    if (reader_->len - reader_->pos > max_unread_bytes) fail("its reply is longer than 64 MiB");
  }
}

void RedisConnection::throw_if(std::error_code ec) const {
  if (!ec) return;
  if (ec == statwire::errc::timed_out) {
    fail("no answer within " + std::to_string(timeout_.count()) + " ms");
  }
  throw ConnectionLost{name_ + ": " + ec.message()};
}

void RedisConnection::fail(const std::string& reason) const {
  throw StoreAway{name_ + ": " + reason};
}

}  // namespace mesos_collector
