#include "statwire/server/forwarding_store.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "support/child_process.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::server;
using namespace statwire::test;
using namespace std::chrono_literals;

static_assert(MetricsStore<ForwardingStore<>>);
static_assert(!CommittingStore<ForwardingStore<>>);

namespace {

using Lines = std::vector<std::string>;

/// Keeps the last point alone; refuses and fails to commit when it is told to.
struct CommittingFake {
  std::string key;
  bool is_uncommitted = false;
  bool refuses_puts = false;
  bool fails_to_commit = false;

  void put(std::string_view new_key, double, std::int64_t, std::error_code& ec) {
    ec = refuses_puts ? std::make_error_code(std::errc::io_error) : std::error_code{};
    is_uncommitted = true;
    key = new_key;
  }
  Cursor find(std::string_view) const { return {}; }
  template <class OnRow>
  void read(Cursor&, OnRow&&, std::error_code&) {}
  bool contains(std::string_view other) const { return key == other; }
  std::size_t series_count() const { return key.empty() ? 0 : 1; }
  bool has_uncommitted() const { return is_uncommitted; }
  void commit(std::error_code& ec) {
    ec = fails_to_commit ? std::make_error_code(std::errc::io_error) : std::error_code{};
    is_uncommitted = false;
  }
};

static_assert(CommittingStore<ForwardingStore<CommittingFake>>);

template <class Store>
void put(Store& store, std::string_view key, double value, std::int64_t timestamp) {
  std::error_code ec;
  store.put(key, value, timestamp, ec);
  CHECK_MESSAGE(!ec, ec.message());
}

/// Points with numbers, `n<number> <number> <number>`.
void put_numbers(ForwardingStore<>& store, int first, int count) {
  for (int i = first; i < first + count; ++i) put(store, "n" + std::to_string(i), i, i);
}

std::string number_line(int number) {
  const std::string text = std::to_string(number);
  return "n" + text + " " + text + " " + text;
}

Lines number_lines(int first, int count) {
  Lines lines;
  for (int i = first; i < first + count; ++i) lines.push_back(number_line(i));
  lines.emplace_back();  // behind the last line feed
  return lines;
}

template <class Store>
bool is_exact(const Store& store) {
  const ForwardingStats stats = store.stats();
  return stats.accepted == stats.sent + stats.pending + stats.dropped + stats.unsupported;
}

}  // namespace

TEST_CASE("forwarding store: what is put is in the inner store, and arrives as Graphite's lines") {
  LineListener listener;
  ForwardingStore<> store{{.port = listener.port()}};
  put(store, "a.b", 0.5, 1'700'000'000);
  put(store, "c d", 3, 1'700'000'001);
  CHECK(store.flush(soon()));
  wait_until("two lines", [&] {
    return listener.lines() == Lines{"a.b 0.5 1700000000", "c_d 3 1700000001", ""};
  });
  CHECK(store.contains("a.b"));
  CHECK(store.series_count() == 2);
  std::vector<std::string> keys;
  Cursor cursor = store.find("*");
  std::error_code ec;
  store.read(
      cursor, [&](const protocol::Row& row) { return keys.emplace_back(row.key), true; }, ec);
  CHECK(keys == Lines{"a.b", "c d"});
  const ForwardingStats stats = store.stats();
  CHECK(stats.accepted == 2);
  CHECK(stats.sent == 2);
  CHECK(stats.pending == 0);
  CHECK(!store.last_error());
}

TEST_CASE("forwarding store: or as OpenTSDB's, with the tag") {
  LineListener listener;
  ForwardingStore<> store{
      {.port = listener.port(), .format = ForwardingFormat::opentsdb, .tag = "host=web-1"}};
  put(store, "a", -2, 5);
  wait_until("a line", [&] { return listener.lines() == Lines{"put a 5 -2 host=web-1", ""}; });
}

TEST_CASE("forwarding store: what cannot be said is counted, and not sent") {
  LineListener listener;
  ForwardingStore<> store{{.port = listener.port()}};
  put(store, "a", std::nan(""), 5);
  put(store, "a", INFINITY, 6);
  put(store, "a", 1, -1);
  put(store, "a", 1, 7);
  wait_until("a line", [&] { return listener.lines() == Lines{"a 1 7", ""}; });
  CHECK(store.stats().unsupported == 3);
  CHECK(store.stats().accepted == 4);
  CHECK(is_exact(store));
}

TEST_CASE("forwarding store: a point that the inner store refuses is not sent") {
  LineListener listener;
  ForwardingStore<CommittingFake> store{{.port = listener.port()}};
  std::error_code ec;
  store.inner().refuses_puts = true;
  store.put("refused", 1, 1, ec);
  CHECK(ec == std::errc::io_error);
  store.inner().refuses_puts = false;
  put(store, "accepted", 1, 1);
  store.commit(ec);
  CHECK(!ec);
  wait_until("a line", [&] { return listener.lines() == Lines{"accepted 1 1", ""}; });
  CHECK(store.stats().accepted == 1);
}

TEST_CASE("forwarding store: of a store that commits, only what was committed is sent") {
  LineListener listener;
  ForwardingStore<CommittingFake> store{{.port = listener.port()}};
  std::error_code ec;
  put(store, "lost", 1, 1);
  put(store, "unsupported", 1, -1);
  CHECK(store.has_uncommitted());
  CHECK(store.stats().accepted == 0);
  store.inner().fails_to_commit = true;
  store.commit(ec);
  CHECK(ec == std::errc::io_error);
  CHECK_FALSE(store.has_uncommitted());
  CHECK(store.stats().accepted == 0);
  store.inner().fails_to_commit = false;
  put(store, "a", 1, 1);
  put(store, "b", 2, 2);
  put(store, "unsupported", 1, -1);
  store.commit(ec);
  CHECK(!ec);
  wait_until("two lines", [&] { return listener.lines() == Lines{"a 1 1", "b 2 2", ""}; });
  CHECK(store.stats().accepted == 3);
  CHECK(store.stats().unsupported == 1);
}

TEST_CASE("forwarding store: many points arrive, each once and in order, also those of the destructor") {
  constexpr int count = 200'000;
  LineListener listener;
  {
    ForwardingStore<> first{{.port = listener.port(), .close_timeout = patience}};
    ForwardingStore<> store = std::move(first);  // as into a server
    put_numbers(store, 1, count);
    CHECK(is_exact(store));
  }
  CHECK(listener.lines() == number_lines(1, count));
  CHECK(listener.connection_count() == 1);
}

TEST_CASE("forwarding store: a listener that comes later gets what was put before") {
  const std::uint16_t port = free_tcp_port();
  ForwardingStore<> store{{.port = port}};
  put_numbers(store, 1, 1000);
  wait_until("a refusal", [&] { return store.last_error() == std::errc::connection_refused; });
  CHECK(store.stats().pending == 1000);
  LineListener listener{port};
  CHECK(store.flush(soon()));
  wait_until("all lines", [&] { return listener.lines() == number_lines(1, 1000); });
  CHECK(store.stats().resent == 0);
}

TEST_CASE("forwarding store: what a listener had not read when it died is sent to the one after it") {
  std::optional<LineListener> listener{std::in_place, 0, Reading::never};
  const std::uint16_t port = listener->port();
  ForwardingStore<> store{{.port = port, .resend_window = patience}};
  put_numbers(store, 1, 1000);
  CHECK(store.flush(soon()));
  CHECK(store.stats().sent == 1000);
  listener.reset();
  wait_until("the loss, with nothing to write", [&] { return bool{store.last_error()}; });
  put_numbers(store, 1001, 1000);
  listener.emplace(port);
  CHECK(store.flush(soon()));
  wait_until("all lines", [&] { return listener->lines() == number_lines(1, 2000); });
  CHECK(store.stats().resent == 1000);
  CHECK(store.stats().sent == 2000);
}

TEST_CASE("forwarding store: a listener that dies again and again in the middle gets everything in the end") {
  constexpr int part = 20'000;
  std::optional<LineListener> listener{std::in_place};
  const std::uint16_t port = listener->port();
  ForwardingStore<> store{{.port = port, .resend_window = patience}};
  int put_so_far = 0;
  for (int round = 0; round < 4; ++round) {
    std::thread putting{[&] { put_numbers(store, put_so_far + 1, part); }};
    wait_until("some bytes", [&] { return listener->size() > 10'000; });
    const Lines lines = listener->lines();
    for (std::size_t i = 0; i + 1 < lines.size(); ++i)
      REQUIRE(lines[i] == number_line(static_cast<int>(i) + 1));
    listener.reset();
    putting.join();
    put_so_far += part;
    listener.emplace(port);
  }
  CHECK(store.flush(soon()));
  wait_until("all lines", [&] { return listener->lines() == number_lines(1, put_so_far); });
  CHECK(is_exact(store));
  CHECK(store.stats().sent == static_cast<std::uint64_t>(put_so_far));
}

TEST_CASE("forwarding store: what was sent longer ago than the window is not sent again") {
  std::optional<LineListener> listener{std::in_place};
  const std::uint16_t port = listener->port();
  ForwardingStore<> store{{.port = port, .resend_window = 0ms}};
  put_numbers(store, 1, 10);
  CHECK(store.flush(soon()));
  listener.reset();
  wait_until("the loss", [&] { return bool{store.last_error()}; });
  put_numbers(store, 11, 10);
  listener.emplace(port);
  wait_until("the new lines", [&] { return listener->lines() == number_lines(11, 10); });
  CHECK(store.stats().resent == 0);
}

#if defined(__linux__)
TEST_CASE("forwarding store: what has not reached a listener that stalls is kept, however long it takes") {
  constexpr int count = 300'000;
  std::optional<LineListener> listener{std::in_place, 0, Reading::never};
  const std::uint16_t port = listener->port();
  ForwardingStore<> store{{.port = port, .resend_window = 0ms}};
  std::vector<std::size_t> ends{0};  // of the lines, in bytes
  for (int i = 1; i <= count; ++i) ends.push_back(ends.back() + number_line(i).size() + 1);
  put_numbers(store, 1, count);
  wait_until("bytes on their way", [&] { return ends[store.stats().sent] > listener->unread() + 100'000; });
  const std::size_t reached = listener->unread() + 300'000;  // more may come until it dies
  const std::size_t sent = ends[store.stats().sent];
  INFO(reached << " bytes had reached it of " << sent);
  listener.reset();
  wait_until("the loss", [&] { return bool{store.last_error()}; });
  listener.emplace(port);
  CHECK(store.flush(soon()));
  const std::string last = number_line(count);
  wait_until("the last line", [&] {
    return listener->size() != 0 && listener->lines().back().empty() && listener->lines().rbegin()[1] == last;
  });
  const Lines lines = listener->lines();
  const auto first = static_cast<std::size_t>(count) - (lines.size() - 1) + 1;
  CHECK(lines == number_lines(static_cast<int>(first), count + 1 - static_cast<int>(first)));
  CHECK(ends[first - 1] <= reached);
}
#endif

TEST_CASE("forwarding store: durations may be as long as they can be") {
  constexpr auto for_ever = std::chrono::milliseconds::max();
  std::optional<LineListener> listener{std::in_place, 0, Reading::never};
  const std::uint16_t port = listener->port();
  {
    ForwardingStore<> store{{.port = port, .resend_window = for_ever, .close_timeout = for_ever}};
    put_numbers(store, 1, 100);
    CHECK(store.flush(soon()));
    listener.reset();
    wait_until("the loss", [&] { return bool{store.last_error()}; });
    listener.emplace(port);
    put_numbers(store, 101, 100);
  }
  CHECK(listener->lines() == number_lines(1, 200));
}

TEST_CASE("forwarding store: while nobody listens, the queue is bounded and what is too much counted") {
  constexpr int count = 100'000;
  const std::uint16_t port = free_tcp_port();
  ForwardingStore<> store{{.port = port, .max_queue_bytes = 100'000, .close_timeout = 0ms}};
  put_numbers(store, 1, count);
  const ForwardingStats stats = store.stats();
  CHECK(stats.accepted == count);
  CHECK(stats.sent == 0);
  CHECK(stats.pending > 4000);  // of 25 bytes at most
  CHECK(stats.pending < 10'000);
  CHECK(stats.dropped == count - stats.pending);
  LineListener listener{port};
  CHECK(store.flush(soon()));
  const Lines expected = number_lines(1, static_cast<int>(stats.pending));  // the first ones
  wait_until("those that found room", [&] { return listener.lines() == expected; });
}

TEST_CASE("forwarding store: what was sent gives way to what is put while the listener is away") {
  std::optional<LineListener> listener{std::in_place};
  const std::uint16_t port = listener->port();
  ForwardingStore<> store{{.port = port, .max_queue_bytes = 100, .resend_window = patience}};
  put_numbers(store, 1, 10);
  CHECK(store.flush(soon()));
  listener.reset();
  wait_until("the loss", [&] { return bool{store.last_error()}; });
  put_numbers(store, 100, 7);  // 13 bytes each
  CHECK(store.stats().dropped == 0);
  listener.emplace(port);
  wait_until("the new lines", [&] { return listener->lines() == number_lines(100, 7); });
}

TEST_CASE("forwarding store: a flush says when the deadline came first") {
  ForwardingStore<> store{{.port = free_tcp_port(), .close_timeout = 0ms}};
  CHECK(store.flush(std::chrono::steady_clock::now()));  // nothing to write
  put(store, "a", 1, 1);
  CHECK_FALSE(store.flush(std::chrono::steady_clock::now() + 10ms));
}

TEST_CASE("forwarding store: the destructor ends in time, whoever does not answer") {
  const auto begin = std::chrono::steady_clock::now();
  {
    LineListener listener{0, Reading::never};  // takes the connection, and does not close it
    ForwardingStore<> store{{.port = listener.port(), .close_timeout = 100ms}};
    put_numbers(store, 1, 1000);
  }
  {
    ForwardingStore<> store{{.port = free_tcp_port(), .close_timeout = 100ms}};
    put_numbers(store, 1, 1000);
  }
  {
    LineListener listener;
    ForwardingStore<> idle{{.port = listener.port(), .close_timeout = patience}};
  }
  { ForwardingStore<> idle{{.port = free_tcp_port(), .close_timeout = patience}}; }
  CHECK(std::chrono::steady_clock::now() - begin < patience);
}

TEST_CASE("forwarding store: a name is looked up in the background, and again after a failure") {
  LineListener listener;
  const auto lookups = std::make_shared<std::atomic<int>>(0);
  const std::uint16_t port = listener.port();
  ForwardingStore<> store{
      {.host = "graphite.example",
       .port = port,
       .lookup = [lookups, port](const std::string& host, std::uint16_t,
                                 std::error_code& ec) -> statwire::detail::Endpoints<asio::ip::tcp> {
         CHECK(host == "graphite.example");
         if (lookups->fetch_add(1) == 0) {
           ec = asio::error::host_not_found;
           return {};
         }
         // The first address refuses, so the second is tried.
         return {{asio::ip::make_address("127.0.0.2"), port}, {asio::ip::make_address("127.0.0.1"), port}};
       }}};
  wait_until("a failure", [&] { return store.last_error() == asio::error::host_not_found; });
  put(store, "a", 1, 1);
  wait_until("a line", [&] { return listener.lines() == Lines{"a 1 1", ""}; });
  CHECK(lookups->load() == 2);
}

TEST_CASE("forwarding store: options out of range are refused, and say which") {
  const auto refusal = [](ForwardingOptions options) -> std::string {
    try {
      ForwardingStore<> store{std::move(options)};
    } catch (const ClientError& error) {
      CHECK(error.code() == errc::invalid_option);
      return error.what();
    }
    return "";
  };
  CHECK(refusal({.host = ""}).starts_with("statwire: forward to '' port 2003"));
  CHECK(refusal({.port = 0}).starts_with("statwire: forward to '127.0.0.1' port 0"));
  CHECK(refusal({.tag = "host"}).starts_with("statwire: 'host' is not name=value"));
  CHECK(!refusal({.resend_window = -1ms}).empty());
  CHECK(!refusal({.close_timeout = -1ms}).empty());
}
