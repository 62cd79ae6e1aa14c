#include "statwire/testing/scripted_stream.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace {

using statwire::testing::ScriptedStream;
using Texts = std::vector<std::string>;

static_assert(statwire::StreamTransport<ScriptedStream>);

constexpr statwire::Deadline no_deadline = statwire::Deadline::max();

std::error_code connect(ScriptedStream& stream) {
  std::error_code ec = std::make_error_code(std::errc::io_error);
  stream.connect(no_deadline, ec);
  return ec;
}

/// A stream that is open already.
ScriptedStream opened(statwire::testing::StreamScript script) {
  ScriptedStream stream{std::move(script)};
  CHECK_FALSE(connect(stream));
  return stream;
}

struct Read {
  std::string bytes;
  std::error_code ec = std::make_error_code(std::errc::io_error);
};

Read read(ScriptedStream& stream, std::size_t buffer_bytes = 64) {
  std::string buffer(buffer_bytes, '~');
  Read result;
  const std::size_t bytes = stream.read_some(std::span{buffer}, no_deadline, result.ec);
  REQUIRE(bytes <= buffer_bytes);
  CHECK(buffer.substr(bytes) == std::string(buffer_bytes - bytes, '~'));
  result.bytes = buffer.substr(0, bytes);
  return result;
}

/// All that reads return before one fails, as they return it.
Texts pieces(ScriptedStream& stream, std::size_t buffer_bytes) {
  Texts result;
  for (Read next = read(stream, buffer_bytes); !next.ec; next = read(stream, buffer_bytes)) {
    result.push_back(next.bytes);
  }
  return result;
}

}  // namespace

TEST_CASE("scripted_stream: each read returns one piece of the script, then the end of the stream") {
  ScriptedStream stream = opened({.replies = {"ok\n", "\n"}});
  CHECK(read(stream).bytes == "ok\n");
  const Read second = read(stream);
  CHECK(second.bytes == "\n");
  CHECK_FALSE(second.ec);
  for (int i = 0; i < 2; ++i) {
    const Read end = read(stream);
    CHECK(end.bytes == "");
    CHECK(end.ec == statwire::errc::end_of_stream);
  }
}

TEST_CASE("scripted_stream: after the replies comes the error of the script") {
  ScriptedStream stream = opened({.replies = {"o"}, .after_replies = statwire::errc::timed_out});
  CHECK_FALSE(read(stream).ec);
  CHECK(read(stream).ec == statwire::errc::timed_out);
}

TEST_CASE("scripted_stream: reads are cut to the limit of the script and to the buffer") {
  struct Case {
    std::size_t max_read_bytes;
    std::size_t buffer_bytes;
    Texts pieces;
  };
  for (const Case& c :
       {Case{64, 64, {"abcde", "fg"}}, Case{5, 64, {"abcde", "fg"}}, Case{2, 64, {"ab", "cd", "e", "fg"}},
        Case{64, 3, {"abc", "de", "fg"}}, Case{1, 3, {"a", "b", "c", "d", "e", "f", "g"}}}) {
    ScriptedStream stream = opened({.replies = {"abcde", "fg"}, .max_read_bytes = c.max_read_bytes});
    CAPTURE(c.max_read_bytes);
    CAPTURE(c.buffer_bytes);
    CHECK(pieces(stream, c.buffer_bytes) == c.pieces);
  }
}

TEST_CASE("scripted_stream: writes are kept, and no more at once than the script allows") {
  ScriptedStream whole = opened({});
  std::error_code ec = std::make_error_code(std::errc::io_error);
  CHECK(whole.write_some("put k 1 5\n", no_deadline, ec) == 10);
  CHECK_FALSE(ec);
  CHECK(whole.write_some("get k\n", no_deadline, ec) == 6);
  CHECK(whole.written() == "put k 1 5\nget k\n");

  ScriptedStream short_writes = opened({.max_write_bytes = 4});
  CHECK(short_writes.write_some("put k 1 5\n", no_deadline, ec) == 4);
  CHECK(short_writes.write_some("abc", no_deadline, ec) == 3);
  CHECK(short_writes.written() == "put abc");
}

TEST_CASE("scripted_stream: it is open from a connect to a close") {
  ScriptedStream stream{{}};
  CHECK_FALSE(stream.is_open());
  CHECK_FALSE(connect(stream));
  CHECK(stream.is_open());
  stream.close();
  CHECK_FALSE(stream.is_open());
  stream.close();
  CHECK_FALSE(connect(stream));
  CHECK(stream.is_open());
}

TEST_CASE("scripted_stream: the call that the script names fails, and all after it until a connect") {
  const std::error_code reset = std::make_error_code(std::errc::connection_reset);
  for (const std::size_t failing_call : {0U, 2U, 3U, 4U, 5U}) {  // without the first, nothing else works
    CAPTURE(failing_call);
    ScriptedStream stream{{.replies = {"a", "b"}, .failing_call = failing_call}};
    std::array<std::error_code, 4> errors;
    errors[0] = connect(stream);
    CHECK(stream.is_open());
    const auto works = [&](std::size_t call) { return failing_call == 0 || call < failing_call; };
    const std::size_t written = stream.write_some("w", no_deadline, errors[1]);
    CHECK(written == (works(2) ? 1 : 0));
    CHECK(stream.written() == (works(2) ? "w" : ""));
    const Read first = read(stream);
    errors[2] = first.ec;
    CHECK(first.bytes == (works(3) ? "a" : ""));
    const Read second = read(stream);
    errors[3] = second.ec;
    CHECK(second.bytes == (works(4) ? "b" : ""));
    for (std::size_t call = 1; call <= errors.size(); ++call) {
      const std::error_code after = std::make_error_code(std::errc::not_connected);
      CHECK(errors[call - 1] == (works(call) ? std::error_code{} : call == failing_call ? reset : after));
    }
    CHECK(stream.calls() == 4);
    CHECK(stream.is_open() == works(4));
    if (failing_call != 3) continue;
    CHECK_FALSE(connect(stream));
    CHECK(read(stream).bytes == "a");
  }
}

TEST_CASE("scripted_stream: pauses are written down, not waited") {
  ScriptedStream stream{{}};
  stream.pause(std::chrono::hours{1});
  stream.pause(std::chrono::seconds{2});
  CHECK(stream.pauses() ==
        std::vector<std::chrono::milliseconds>{std::chrono::hours{1}, std::chrono::seconds{2}});
}

TEST_CASE("scripted_stream: it fails with the error of the script, and a connect that fails closes it") {
  const std::error_code refused = std::make_error_code(std::errc::connection_refused);
  ScriptedStream stream{{.failing_call = 2, .failure = refused}};
  CHECK_FALSE(connect(stream));
  CHECK(connect(stream) == refused);
  CHECK_FALSE(stream.is_open());
  CHECK_FALSE(connect(stream));
  stream.close();
  CHECK(stream.calls() == 3);
}

TEST_CASE("scripted_stream: what is not open can neither be read nor written") {
  ScriptedStream stream{{.replies = {"ok"}}};
  char buffer[8];
  std::error_code ec;
  CHECK(stream.write_some("x", {}, ec) == 0);
  CHECK(ec == std::errc::not_connected);
  stream.connect({}, ec);
  stream.close();
  CHECK(stream.read_some(buffer, {}, ec) == 0);
  CHECK(ec == std::errc::not_connected);
}

TEST_CASE("scripted_stream: what is written can be ended, which is a call like the others") {
  ScriptedStream stream{{.failing_call = 4}};
  std::error_code ec;
  stream.shutdown_write(ec);
  CHECK(ec == std::errc::not_connected);
  CHECK_FALSE(stream.is_shut_down());
  CHECK_FALSE(connect(stream));
  stream.shutdown_write(ec);
  CHECK_FALSE(ec);
  CHECK(stream.is_shut_down());
  stream.shutdown_write(ec);
  CHECK(ec == std::errc::connection_reset);
  CHECK(stream.is_shut_down());
  CHECK_FALSE(connect(stream));
  CHECK_FALSE(stream.is_shut_down());
}
