#include "statwire/metrics.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "statwire/testing/manual_clock.hpp"
#include "statwire/testing/scripted_stream.hpp"

namespace {

using namespace statwire;
using testing::ManualClock;
using testing::ScriptedStream;
using testing::StreamScript;
using Client = MetricsClient<ScriptedStream, ManualClock>;

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const ClientError& error) {
    return error.what();
  }
  return "no error";
}

/// A get, a put, a batch of puts, one of gets, and rows one by one; the first error, if any.
std::error_code first_error(Client& client) {
  std::error_code ec;
  client.get("*", ec);
  if (!ec) client.put("k", 1, 5, ec);
  const std::vector<Point> points{{"a", 1, 1}, {"b", 2, 2}};
  if (!ec) client.put(points, ec);
  if (!ec) client.get({"a", "b"}, ec);
  if (!ec)
    client.get_each(
        "k", [](std::string_view, Sample) {}, ec);
  return ec;
}

StreamScript all_exchanges() {
  return {.replies = {"ok\nk 1.0 5\n\n", "ok\n\n", "ok\n\nok\n\n", "ok\n\nok\nb 1 1\n\n", "ok\nk 1 1\n\n"}};
}

}  // namespace

TEST_CASE("metrics client: each malformed reply is an error that says which") {
  struct Case {
    std::string reply;
    errc error;
  };
  const std::vector<Case> cases{
      {"ok\nblablabla\n\n", errc::wrong_column_count},
      {"ok\nk 1\n\n", errc::wrong_column_count},
      {"ok\nk 1 2 3\n\n", errc::wrong_column_count},
      {"ok\nk one 2\n\n", errc::invalid_number},
      {"ok\n10.5 k 1501864247\n\n", errc::invalid_number},
      {"ok\nk 1 2.5\n\n", errc::invalid_timestamp},
      {"ok\nk 1 soon\n\n", errc::invalid_timestamp},
      {"OK\n\n", errc::unexpected_status},
      {"blablabla\nok\n\n", errc::unexpected_status},
      {"\n\n", errc::unexpected_status},
      {"ok\n\nmore", errc::unexpected_data},
      {"ok\nk 1 1\n", errc::end_of_stream},
      {"", errc::end_of_stream},
      {"error\nwrong command\n\n", errc::command_refused},
  };
  for (const Case& wanted : cases) {
    CAPTURE(wanted.reply);
    std::deque<std::string> pieces;
    if (!wanted.reply.empty()) pieces.push_back(wanted.reply);
    Client client{ScriptedStream{{.replies = pieces}}};
    std::error_code ec;
    CHECK(client.get("*", ec).empty());
    CHECK(ec == wanted.error);
  }
}

TEST_CASE("metrics client: the message of an error holds the line that is wrong") {
  Client client{ScriptedStream{{.replies = {"ok\nk one 2\n\n"}}}};
  CHECK(message_of([&] { client.get("k"); }) ==
        "statwire: get: 'k one 2': the value in a row of the reply is not a number");
}

TEST_CASE("metrics client: after a protocol error the connection is closed and not used again") {
  Client client{ScriptedStream{{.replies = {"nonsense\n\n", "ok\n\n"}}}};
  std::error_code ec;
  client.put("k", 1, 5, ec);
  CHECK(ec == errc::unexpected_status);
  CHECK(!client.transport().is_open());
  const std::size_t calls = client.transport().calls();
  client.put("k", 1, 5, ec);
  CHECK(ec == errc::not_connected);
  CHECK(client.get("*", ec).empty());
  CHECK(ec == errc::not_connected);
  CHECK(client.transport().calls() == calls);
}

TEST_CASE("metrics client: a command that the server refuses leaves the connection in use") {
  Client client{ScriptedStream{{.replies = {"error\nwrong command\n\n", "ok\n\n"}}}};
  CHECK(message_of([&] { client.put("k", 1, 5); }) ==
        "statwire: put: 'wrong command': the server refused the command");
  CHECK(client.transport().is_open());
  client.put("k", 1, 5);
}

TEST_CASE("metrics client: a bad key or value is refused before anything is sent") {
  Client client{ScriptedStream{{}}};
  const std::size_t calls = client.transport().calls();
  for (const std::string key :
       {"", "two words", "tab\tkey", "line\nput forged 1 1", "cr\rkey", "\x01", "\x7f"}) {
    CAPTURE(key);
    std::error_code ec;
    client.put(key, 1, 5, ec);
    CHECK(ec == errc::invalid_key);
    client.get(key, ec);
    CHECK(ec == errc::invalid_key);
  }
  std::error_code long_key_ec;
  client.put(std::string(8193, 'k'), 1, 5, long_key_ec);
  CHECK(long_key_ec == errc::invalid_key);
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    std::error_code ec;
    client.put("k", value, 5, ec);
    CHECK(ec == errc::invalid_value);
  }
  CHECK(client.transport().calls() == calls);
  CHECK(client.transport().is_open());
  CHECK(message_of([&] { client.put("two words", 1, 5); }) ==
        "statwire: put: 'two words': the key is empty, longer than 8192 bytes, or holds white space or a "
        "control character");
}

TEST_CASE("metrics client: an error at any call of the transport ends in that error") {
  Client whole{ScriptedStream{all_exchanges()}};
  REQUIRE(!first_error(whole));
  const std::size_t calls = whole.transport().calls();
  REQUIRE(calls == 11);
  for (std::size_t call = 2; call <= calls; ++call) {
    CAPTURE(call);
    StreamScript script = all_exchanges();
    script.failing_call = call;
    Client client{ScriptedStream{script}};
    CHECK(first_error(client) == std::errc::connection_reset);
    CHECK(!client.transport().is_open());
  }
  StreamScript refused{.failing_call = 1, .failure = std::make_error_code(std::errc::connection_refused)};
  CHECK_THROWS_AS(Client{ScriptedStream{refused}}, ClientError);
}

TEST_CASE("metrics client: short reads and short writes make no difference") {
  for (const std::size_t size : {1U, 2U, 5U}) {
    StreamScript script = all_exchanges();
    script.max_read_bytes = size;
    script.max_write_bytes = size;
    Client client{ScriptedStream{script}};
    CHECK(!first_error(client));
    CHECK(client.transport().written() == "get *\nput k 1 5\nput a 1 1\nput b 2 2\nget a\nget b\nget k\n");
  }
}

TEST_CASE("metrics client: the deadline of the transport is the error of the call") {
  Client client{ScriptedStream{{.after_replies = errc::timed_out}}};
  std::error_code ec;
  client.get("*", ec);
  CHECK(ec == errc::timed_out);
  CHECK(ec == std::errc::timed_out);
}

TEST_CASE("metrics client: a put without a timestamp takes the time in whole seconds") {
  ManualClock::set(std::chrono::milliseconds{1642667947999});
  Client client{ScriptedStream{{.replies = {"ok\n\n", "ok\n\n"}}}};
  client.put("k", 0.5);
  const std::vector<Point> points{{.key = "p", .value = 301}};
  client.put(points);
  CHECK(client.transport().written() == "put k 0.5 1642667947\nput p 301 1642667947\n");
}

TEST_CASE("metrics client: values are printed shortest") {
  const std::vector<std::pair<double, std::string>> values{{0.5, "0.5"},
                                                           {301, "301"},
                                                           {42000000, "42000000"},
                                                           {-0.0, "0"},
                                                           {1e16, "1e+16"},
                                                           {1e-5, "1e-05"},
                                                           {0.1 + 0.2, "0.30000000000000004"}};
  for (const auto& [value, text] : values) {
    Client client{ScriptedStream{{.replies = {"ok\n\n"}}}};
    client.put("k", value, 5);
    CHECK(client.transport().written() == "put k " + text + " 5\n");
  }
}

TEST_CASE("metrics client: rows are sorted by time, and equal times keep the order of arrival") {
  Client client{ScriptedStream{{.replies = {"ok\nk 9 5\nb 7 1\nk 1 5\nk 5 -4\n\n"}}}};
  const Series series = client.get("*");
  CHECK(series.size() == 2);
  CHECK(series.at("k") == std::vector<Sample>{{-4, 5}, {5, 9}, {5, 1}});
  CHECK(series.at("b") == std::vector<Sample>{{1, 7}});
}

TEST_CASE("metrics client: a refusal within a batch is reported after the replies to the rest were read") {
  Client client{ScriptedStream{{.replies = {"ok\n\nerror\nwrong command\n\nok\n\n", "ok\n\n"}}}};
  const std::vector<Point> points{{"a", 1, 1}, {"b", 2, 2}, {"c", 3, 3}};
  const std::string message = message_of([&] { client.put(points); });
  CHECK(message.starts_with("statwire: put of 3 points, 2 stored: 'wrong command'"));
  client.put("d", 4, 4);  // still in step
}

TEST_CASE("metrics client: the points before a bad one are stored") {
  Client client{ScriptedStream{{.replies = {"ok\n\n"}}}};
  const std::vector<Point> points{{"a", 1, 1}, {"b c", 2, 2}, {"d", 3, 3}};
  CHECK(message_of([&] { client.put(points); }).starts_with("statwire: put of 3 points, 1 stored: 'b c'"));
  CHECK(client.transport().written() == "put a 1 1\n");
}

TEST_CASE("metrics client: an error of the exchange is not blamed on a bad point that follows") {
  Client client{ScriptedStream{{.after_replies = errc::timed_out}}};
  const std::vector<Point> points{{"good", 1, 1}, {"bad key", 2, 2}};
  CHECK(message_of([&] { client.put(points); }) ==
        "statwire: put of 2 points, 0 stored: the deadline passed");
}

TEST_CASE("metrics client: bytes that follow a refusal are out of step") {
  Client client{ScriptedStream{{.replies = {"error\nwrong command\n\nok\n\n"}}}};
  std::error_code ec;
  client.get("k", ec);
  CHECK(ec == errc::unexpected_data);
  client.put("k", 1, 5, ec);
  CHECK(ec == errc::not_connected);
}

TEST_CASE("metrics client: many keys are asked for at once, and come back as one map") {
  Client client{
      ScriptedStream{{.replies = {"ok\na 1 5\n\nok\n\nok\nc 3 6\nc 2 4\n\n", "ok\na 1 5\n\nok\n\n"}}}};
  const Series series = client.get({"a", "b", "c"});
  CHECK(series == Series{{"a", {{5, 1}}}, {"c", {{4, 2}, {6, 3}}}});
  const std::vector<std::string> keys{"a", "b"};
  CHECK(client.get(keys) == Series{{"a", {{5, 1}}}});
  CHECK(client.transport().written() == "get a\nget b\nget c\nget a\nget b\n");
}

TEST_CASE("metrics client: an error among many keys says how many were answered") {
  Client client{ScriptedStream{{.replies = {"ok\na 1 5\n\nok\nb one 5\n\n"}}}};
  CHECK(message_of([&] {
          client.get({"a", "b", "c"});
        }).starts_with("statwire: get of 3 keys, 1 answered: 'b one 5': "));
  CHECK(client.answered_keys() == 1);
  std::error_code ec;
  CHECK(client.get({"a", "b"}, ec).empty());  // the connection is closed
  CHECK(client.answered_keys() == 0);
  Client untouched{ScriptedStream{{}}};
  CHECK(untouched.get({"a", "two words"}, ec).empty());
  CHECK(ec == errc::invalid_key);
  CHECK(untouched.transport().written().empty());
  Client refused{ScriptedStream{{.replies = {"ok\n\nerror\nno\n\nok\n\n", "ok\n\n"}}}};
  CHECK(message_of([&] {
          refused.get({"a", "b", "c"});
        }) == "statwire: get of 3 keys, 3 answered: 'no': the server refused the command");
  refused.put("k", 1, 5);  // still in step
}

TEST_CASE("metrics client: get_each gives rows as they come, in the order of the server") {
  for (const std::size_t size : {1U, 7U, 1000U}) {
    Client client{
        ScriptedStream{{.replies = {"ok\nk 9 5\nb 7 1\nk 1 -4\n\n", "ok\n\n"}, .max_read_bytes = size}}};
    std::vector<std::pair<std::string, Sample>> rows;
    client.get_each("*", [&](std::string_view key, Sample sample) { rows.emplace_back(key, sample); });
    CHECK(rows == std::vector<std::pair<std::string, Sample>>{{"k", {5, 9}}, {"b", {1, 7}}, {"k", {-4, 1}}});
    client.put("k", 1, 5);
  }
}

TEST_CASE("metrics client: get_each is not bounded by the limits of rows and bytes, get is") {
  const MetricsOptions options{.limits = {.max_reply_bytes = 30, .max_rows = 2}};
  const StreamScript script{.replies = {"ok\nk 1 1\nk 1 2\nk 1 3\n\n"}};
  Client streaming{ScriptedStream{script}, options};
  int rows = 0;
  streaming.get_each("k", [&](std::string_view, Sample) { ++rows; });
  CHECK(rows == 3);

  Client client{ScriptedStream{script}, options};
  CHECK(message_of([&] { client.get("k"); }).starts_with("statwire: get: 'k 1 3': the reply has more"));
  Client small{ScriptedStream{{.replies = {"ok\nlonger.key 1 1\nlonger.key 1 2\n\n"}}}, options};
  std::error_code ec;
  CHECK(small.get("longer.key", ec).empty());
  CHECK(ec == errc::reply_too_large);
  CHECK(!small.transport().is_open());
}

TEST_CASE("metrics client: an endless line is an error once it is longer than the limit") {
  StreamScript script;
  for (int i = 0; i < 100; ++i) script.replies.push_back(std::string(100, 'x'));
  Client client{ScriptedStream{script}, {.limits = {.max_line_bytes = 1000}}};
  std::error_code ec;
  client.get_each(
      "k", [](std::string_view, Sample) {}, ec);
  CHECK(ec == errc::reply_too_long);
  CHECK(client.transport().calls() < 20);
}

TEST_CASE("metrics client: what the callback of get_each throws comes through, and closes the connection") {
  Client client{ScriptedStream{{.replies = {"ok\nk 1 1\nk 1 2\n\n"}}}};
  int rows = 0;
  const auto stop = [&](std::string_view, Sample) {
    ++rows;
    throw 7;
  };
  CHECK_THROWS_AS(client.get_each("k", stop), int);
  CHECK(rows == 1);
  CHECK(!client.transport().is_open());
  std::error_code ec;
  client.put("k", 1, 1, ec);
  CHECK(ec == errc::not_connected);
}

TEST_CASE("metrics client: with retries, each failing call is made good on a fresh connection") {
  using namespace std::chrono_literals;
  for (std::size_t call = 1; call <= 12; ++call) {
    if (call == 10 || call == 11) continue;  // get_each is not retried
    CAPTURE(call);
    StreamScript script = all_exchanges();
    script.failing_call = call;
    Client client{ScriptedStream{script}, {.retry = {.attempts = 2, .first_pause = 250ms}}};
    CHECK(!first_error(client));
    const std::size_t failed = call <= 9 ? 1 : 0;
    CHECK(client.transport().pauses() == std::vector<std::chrono::milliseconds>(failed, 250ms));
  }
}

TEST_CASE("metrics client: a retried put keeps the time of its first try") {
  struct MovingStream : ScriptedStream {
    using ScriptedStream::ScriptedStream;
    void pause(std::chrono::milliseconds) { ManualClock::set(std::chrono::seconds{2000}); }
  };
  ManualClock::set(std::chrono::seconds{1000});
  MetricsClient<MovingStream, ManualClock> client{
      MovingStream{{.replies = {"ok\n\n", "ok\n\n"}, .failing_call = 3}}, {.retry = {.attempts = 3}}};
  client.put("k", 1);
  CHECK(client.transport().written() == "put k 1 1000\nput k 1 1000\n");
  const std::vector<Point> points{{.key = "p", .value = 1}};
  client.put(points);
  CHECK(client.transport().written().ends_with("put p 1 2000\n"));
}

TEST_CASE("metrics client: a retried batch goes on behind the last point that is known to be stored") {
  const std::vector<Point> points{{"a", 1, 1}, {"b", 2, 2}, {"c", 3, 3}};
  const StreamScript script{.replies = {"ok\n\nerror\nno\n\n", "ok\n\n"}, .failing_call = 4};
  Client client{ScriptedStream{script}, {.retry = {.attempts = 2}}};
  std::error_code ec;
  CHECK(client.put(points, ec) == 2);
  CHECK(ec == errc::command_refused);
  CHECK(client.transport().written() == "put a 1 1\nput b 2 2\nput c 3 3\nput c 3 3\n");
}

TEST_CASE("metrics client: pauses between tries double up to the longest, and tries have an end") {
  using namespace std::chrono_literals;
  struct DeadStream : ScriptedStream {
    using ScriptedStream::ScriptedStream;
    void connect(Deadline, std::error_code& ec) { ec = std::make_error_code(std::errc::connection_refused); }
  };
  DeadStream stream{{}};
  const MetricsOptions options{.retry = {.attempts = 5, .first_pause = 100ms, .longest_pause = 300ms}};
  CHECK_THROWS_AS((MetricsClient<DeadStream>{stream, options}), ClientError);
  struct Dying : ScriptedStream {
    using ScriptedStream::ScriptedStream;
    void connect(Deadline deadline, std::error_code& ec) {
      if (calls() == 0) return ScriptedStream::connect(deadline, ec);
      ec = std::make_error_code(std::errc::connection_refused);
    }
  };
  MetricsClient<Dying> client{Dying{{}}, options};
  std::error_code ec;
  client.put("k", 1, 1, ec);
  CHECK(ec == std::errc::connection_refused);
  CHECK(client.transport().pauses() == std::vector<std::chrono::milliseconds>{100ms, 200ms, 300ms, 300ms});
}

TEST_CASE("metrics client: a server that takes no more connections is tried again") {
  const std::string full = "error\ntoo many connections (limit 5)\n\n";
  Client once{ScriptedStream{{.replies = {full}}}};
  CHECK(message_of([&] { once.put("k", 1, 1); }) ==
        "statwire: put: 'too many connections (limit 5)': the server takes no more connections for now");
  CHECK(!once.transport().is_open());
  Client client{ScriptedStream{{.replies = {full, "ok\n\n"}}}, {.retry = {.attempts = 2}}};
  client.put("k", 1, 1);
}

TEST_CASE("metrics client: what another try would not change is not tried again") {
  for (const std::string reply : {"nonsense\n\n", "ok\nk one 2\n\n", "error\nno\n\n"}) {
    Client client{ScriptedStream{{.replies = {reply, reply}}}, {.retry = {.attempts = 3}}};
    std::error_code ec;
    client.get("k", ec);
    CHECK(ec);
    CHECK(client.transport().written() == "get k\n");
  }
  Client client{ScriptedStream{{}}, {.retry = {.attempts = 3}}};
  std::error_code ec;
  client.put("two words", 1, 1, ec);
  CHECK(ec == errc::invalid_key);
  CHECK(client.transport().calls() == 1);
}

TEST_CASE("metrics client: over a transport that does both at once, requests do not wait for replies") {
  // Reads only when it is told that there is nothing to write, or after so many writes without.
  struct DuplexStream : ScriptedStream {
    using ScriptedStream::ScriptedStream;
    Transferred transfer(std::string_view out, std::span<char> in, Deadline deadline, std::error_code& ec) {
      if (out.empty()) return {.read = read_some(in, deadline, ec)};
      ++writes;
      return {.written = write_some(out, deadline, ec)};
    }
    int writes = 0;
  };
  std::vector<Point> points;
  std::string replies;
  for (int i = 0; i < 10'000; ++i) {
    points.push_back({std::string(20, 'k'), 1, i});
    replies += "ok\n\n";
  }
  MetricsClient<DuplexStream> client{DuplexStream{{.replies = {replies}, .max_read_bytes = 1003}}};
  std::error_code ec;
  CHECK(client.put(points, ec) == 10'000);
  CHECK(!ec);
  CHECK(client.transport().writes > 3);
}

TEST_CASE("metrics client: what was answered before the connection broke counts as stored") {
  // A write fails, as to a server that has gone; what that answered before is still there to be read.
  struct BrokenStream : ScriptedStream {
    using ScriptedStream::ScriptedStream;
    Transferred transfer(std::string_view out, std::span<char> in, Deadline deadline, std::error_code& ec) {
      if (out.empty() || writes == 1) ec = std::make_error_code(std::errc::broken_pipe);
      if (ec) return {};
      ++writes;
      static_cast<void>(in);
      return {.written = write_some(out.substr(0, 30), deadline, ec)};
    }
    int writes = 0;
  };
  const std::vector<Point> points{{"a", 1, 1}, {"b", 2, 2}, {"c", 3, 3}};
  MetricsClient<BrokenStream> client{BrokenStream{{.replies = {"ok\n\no", "k\n\nok"}}}};
  std::error_code ec;
  CHECK(client.put(points, ec) == 2);
  CHECK(ec == std::errc::broken_pipe);
}

TEST_CASE("metrics client: a large batch is cut into pieces, each answered before the next is sent") {
  std::vector<Point> points;
  for (int i = 0; i < 10'000; ++i) points.push_back({std::string(20, 'k'), 1, i});
  std::string replies;
  for (int i = 0; i < 10'000; ++i) replies += "ok\n\n";
  Client client{ScriptedStream{{.replies = {replies}}}};
  std::error_code ec;
  client.put(points, ec);
  // The script answers all at once; to the client, answers to what it has not sent are out of step.
  CHECK(ec == errc::unexpected_data);
  CHECK(client.transport().written().size() < 70'000);
}
