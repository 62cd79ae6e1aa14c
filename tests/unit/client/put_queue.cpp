#include "statwire/client/put_queue.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "support/random_bytes.hpp"

using statwire::client::PutQueue;

TEST_CASE("put_queue: a line is what a client puts") {
  PutQueue queue{1000};
  CHECK(queue.append("huginn.cpu", 0.5, 1642667947));
  CHECK(queue.append("k", -1e300, std::numeric_limits<std::int64_t>::min()));
  CHECK(queue.next() == "put huginn.cpu 0.5 1642667947\nput k -1e+300 -9223372036854775808\n");
}

TEST_CASE("put_queue: the longest line fits when there is room for it, and moves nothing when there is not") {
  const std::string key(statwire::protocol::max_key_bytes, 'k');
  const double longest = -1.2345678901234567e-300;
  PutQueue queue{20'000};
  const auto take = [&] { return queue.append(key, longest, std::numeric_limits<std::int64_t>::min()); };
  CHECK(take());
  const char* const place = queue.next().data();
  CHECK(take());
  CHECK_FALSE(take());
  CHECK(queue.next().data() == place);
  CHECK(queue.lines() == 2);
}

TEST_CASE("put_queue: what is answered leaves from the front, and the rest is next again") {
  PutQueue queue{1000};
  CHECK(queue.next().empty());
  for (int i = 1; i <= 3; ++i) CHECK(queue.append("k", 1, i));
  CHECK(queue.lines() == 3);
  CHECK(queue.next() == "put k 1 1\nput k 1 2\nput k 1 3\n");
  CHECK(queue.append("k", 1, 4));
  queue.answered(2);
  CHECK(queue.lines() == 2);
  CHECK(queue.next() == "put k 1 3\n");
  queue.answered(0);
  CHECK(queue.next() == "put k 1 3\n");
  queue.answered(1);
  CHECK(queue.next() == "put k 1 4\n");
  queue.answered(1);
  CHECK(queue.lines() == 0);
  CHECK(queue.next().empty());
}

TEST_CASE("put_queue: it takes as many bytes as it may, and again what was answered") {
  PutQueue queue{30};  // three lines of ten bytes
  for (int i = 1; i <= 3; ++i) CHECK(queue.append("k", 1, i));
  CHECK_FALSE(queue.append("k", 1, 4));
  CHECK(queue.next().size() == 30);
  CHECK_FALSE(queue.append("k", 1, 4));
  queue.answered(1);
  CHECK(queue.append("k", 1, 4));
  CHECK_FALSE(queue.append("k", 1, 5));
  CHECK(queue.lines() == 3);
}

TEST_CASE(
    "put_queue: of a long queue it gives whole lines of a quarter MiB, so that answers make room soon") {
  PutQueue queue{1 << 20};
  std::string expected;
  for (int i = 0; queue.append("some.key", 1, i); ++i)
    statwire::protocol::append_put(expected, "some.key", 1, i);
  std::string sent;
  int pieces = 0;
  while (queue.lines() != 0) {
    const std::string piece{queue.next()};
    REQUIRE(piece.ends_with('\n'));
    REQUIRE(piece.size() < PutQueue::enough_bytes + 100);
    queue.answered(static_cast<std::uint64_t>(std::count(piece.begin(), piece.end(), '\n')));
    if (pieces++ == 0) CHECK(queue.append("late", 1, 1));
    sent += piece;
  }
  CHECK(pieces == 5);  // four, and what came late
  CHECK(sent == expected + "put late 1 1\n");
}

TEST_CASE("put_queue: however lines are appended and answered, each comes out once and in order") {
  statwire::test::RandomBytes random{21};
  PutQueue queue{500};
  std::string expected;
  std::string sent;
  std::int64_t next = 0;
  for (int i = 0; i < 20'000; ++i) {
    for (std::size_t k = random.up_to(20); k != 0; --k) {
      if (!queue.append("key", 1, next)) break;
      statwire::protocol::append_put(expected, "key", 1, next);
      ++next;
    }
    std::string lines{queue.next()};
    std::size_t answered = 0;
    while (!lines.empty() && random.up_to(9) != 0) {
      const std::size_t end = lines.find('\n') + 1;
      sent += lines.substr(0, end);
      lines.erase(0, end);
      ++answered;
    }
    queue.answered(answered);
  }
  while (queue.lines() != 0) {
    const std::string_view lines = queue.next();
    sent += lines;
    queue.answered(static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n')));
  }
  CHECK(next > 10'000);
  CHECK(sent == expected);
}
