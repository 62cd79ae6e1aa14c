#include "statwire/server/resend_queue.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"
#include "support/text.hpp"

using statwire::Deadline;
using statwire::server::ResendQueue;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t plenty = 1 << 20;

Deadline at(std::chrono::milliseconds time) {
  return Deadline{time};
}

/// Writes all there is to write, and returns it.
std::string write_all(ResendQueue& queue, Deadline now = at(0ms)) {
  std::string written;
  for (std::string_view bytes = queue.next(); !bytes.empty(); bytes = queue.next()) {
    written += bytes;
    queue.written(bytes.size(), now);
  }
  CHECK(queue.is_all_written());
  return written;
}

}  // namespace

TEST_CASE("resend queue: an empty one has nothing to write, to lose or to forget") {
  ResendQueue queue{plenty, 10s};
  CHECK(queue.next().empty());
  CHECK(queue.is_all_written());
  queue.lost();
  queue.expire(at(1h));
  CHECK(queue.next().empty());
  CHECK_FALSE(queue.next_expiry());
  CHECK(queue.size() == 0);
}

TEST_CASE("resend queue: lines are written in the order in which they came") {
  ResendQueue queue{plenty, 10s};
  CHECK(queue.append("a\n", 1) == 1);
  CHECK(queue.append("b\nc\n", 2) == 2);
  CHECK_FALSE(queue.is_all_written());
  CHECK(write_all(queue) == "a\nb\nc\n");
  CHECK(queue.sent_lines() == 3);
  CHECK(queue.resent_lines() == 0);
}

TEST_CASE("resend queue: after a loss, what was written is written again, before what is new") {
  ResendQueue queue{plenty, 10s};
  queue.append("a\nb\n", 2);
  write_all(queue);
  queue.append("c\n", 1);
  queue.lost();
  CHECK(write_all(queue) == "a\nb\nc\n");
  CHECK(queue.sent_lines() == 3);
  CHECK(queue.resent_lines() == 2);
}

TEST_CASE("resend queue: a line that was half written is written whole after a loss") {
  ResendQueue queue{plenty, 0s};
  queue.append("first\nsecond\nthird\n", 3);
  REQUIRE(queue.next() == "first\nsecond\nthird\n");
  queue.written(9, at(0ms));  // first\nsec
  queue.expire(at(0ms));
  CHECK(queue.sent_lines() == 1);
  CHECK(queue.next() == "ond\nthird\n");
  queue.lost();
  CHECK(write_all(queue) == "second\nthird\n");
  CHECK(queue.sent_lines() == 3);
  CHECK(queue.resent_lines() == 0);
}

TEST_CASE("resend queue: a write of nothing, and a loss while writing, change nothing") {
  ResendQueue queue{plenty, 10s};
  queue.append("a\n", 1);
  CHECK(queue.next() == "a\n");
  queue.written(0, at(0ms));
  CHECK(queue.next() == "a\n");
  queue.lost();
  CHECK(queue.sent_lines() == 0);
  CHECK(write_all(queue) == "a\n");
}

TEST_CASE("resend queue: what was written is kept for the window, and a sixteenth more at most") {
  ResendQueue queue{plenty, 1600ms};
  queue.append("a\n", 1);
  write_all(queue, at(1000ms));
  queue.append("b\n", 1);
  write_all(queue, at(1100ms));  // in the same stretch
  queue.append("c\n", 1);
  write_all(queue, at(1101ms));
  CHECK(queue.next_expiry() == at(2700ms));
  queue.expire(at(2699ms));
  CHECK(queue.size() == 6);
  queue.expire(at(2700ms));
  CHECK(queue.size() == 2);
  CHECK(queue.next_expiry() == at(2801ms));
  queue.lost();
  CHECK(write_all(queue, at(2750ms)) == "c\n");
  queue.expire(at(2801ms));  // written anew, and kept anew
  CHECK(queue.size() == 2);
  queue.expire(at(4450ms));
  CHECK(queue.size() == 0);
}

TEST_CASE("resend queue: what was not acknowledged when its window was over is kept for another") {
  ResendQueue queue{plenty, 1600ms};
  queue.append("a\n", 1);
  write_all(queue, at(1000ms));
  queue.append("bb\n", 1);
  write_all(queue, at(2000ms));
  queue.expire(at(2699ms), 5);
  CHECK(queue.next_expiry() == at(2700ms));
  queue.expire(at(3000ms), 4);  // of "a" the line feed
  CHECK(queue.size() == 5);
  CHECK(queue.next_expiry() == at(4700ms));
  queue.expire(at(4700ms), 3);
  CHECK(queue.size() == 3);
  queue.expire(at(5000ms), 1000);  // of whatever else
  queue.lost();
  CHECK(write_all(queue, at(6000ms)) == "bb\n");
  queue.expire(at(7700ms), 0);
  CHECK(queue.size() == 0);
}

TEST_CASE("resend queue: a window may be as long as it can be") {
  ResendQueue queue{plenty, std::chrono::milliseconds::max()};
  queue.append("a\n", 1);
  write_all(queue);
  queue.expire(at(1000h));
  CHECK(queue.size() == 2);
}

TEST_CASE("resend queue: what waits for a connection does not grow old") {
  ResendQueue queue{plenty, 1s};
  queue.append("a\n", 1);
  write_all(queue, at(0ms));
  queue.append("b\n", 1);
  queue.lost();
  queue.expire(at(1h));
  CHECK(write_all(queue, at(1h)) == "a\nb\n");
}

TEST_CASE("resend queue: lines that do not fit are refused, those before them are not") {
  ResendQueue queue{10, 10s};
  CHECK(queue.append("aaa\nbbb\nccc\n", 3) == 2);
  CHECK(queue.append("d\n", 1) == 1);
  CHECK(queue.append("e\n", 1) == 0);
  CHECK(queue.size() == 10);
  CHECK(write_all(queue) == "aaa\nbbb\nd\n");
}

TEST_CASE("resend queue: a line longer than the queue is refused") {
  ResendQueue queue{10, 10s};
  CHECK(queue.append("aaaaaaaaaa\n", 1) == 0);
  CHECK(queue.append("aaaaaaaaaa\nb\n", 2) == 0);
  CHECK(queue.size() == 0);
  CHECK(queue.append("aaaaaaaaa\n", 1) == 1);
}

TEST_CASE("resend queue: what was written gives way to what is new, oldest first and line by line") {
  ResendQueue queue{12, 10s};
  queue.append("aaa\nbbb\nccc\n", 3);
  write_all(queue);
  CHECK(queue.append("d\n", 1) == 1);
  queue.lost();
  CHECK(write_all(queue) == "bbb\nccc\nd\n");
}

TEST_CASE("resend queue: what is being written does not give way") {
  ResendQueue queue{12, 10s};
  queue.append("aaa\nbbb\nccc\n", 3);
  queue.next();
  CHECK(queue.append("d\n", 1) == 0);
  queue.written(5, at(0ms));               // aaa\nb
  CHECK(queue.append("eeeee\n", 1) == 0);  // aaa\n gave way, and it was not enough
  CHECK(queue.append("d\n", 1) == 1);
  CHECK(write_all(queue) == "bb\nccc\nd\n");
}

TEST_CASE("resend queue: after a loss, what may have arrived gives way to what cannot have") {
  ResendQueue queue{12, 10s};
  queue.append("aaa\nbbb\n", 2);
  write_all(queue);
  queue.append("ccc\n", 1);
  queue.lost();
  CHECK(queue.append("ddd\n", 1) == 1);
  CHECK(queue.append("eee\n", 1) == 1);
  CHECK(queue.append("fff\n", 1) == 0);  // the others were never written
  CHECK(write_all(queue) == "ccc\nddd\neee\n");
  CHECK(queue.sent_lines() == 5);
  CHECK(queue.resent_lines() == 0);
}

TEST_CASE("resend queue: while a line is written again, the lines behind it stay") {
  ResendQueue queue{12, 10s};
  queue.append("aaa\nbbb\nccc\n", 3);
  write_all(queue);
  queue.lost();
  REQUIRE(queue.next() == "aaa\nbbb\nccc\n");
  CHECK(queue.append("ddd\n", 1) == 0);
  queue.written(6, at(0ms));
  CHECK(queue.append("ddd\n", 1) == 1);
  CHECK(write_all(queue) == "b\nccc\nddd\n");
}

TEST_CASE("resend queue: long lines span chunks") {
  ResendQueue queue{plenty, 10s};
  std::string sent;
  for (int i = 0; i < 30; ++i) {
    const std::string line = std::string(30'000, static_cast<char>('a' + i % 26)) + "\n";
    REQUIRE(queue.append(line, 1) == 1);
    sent += line;
  }
  CHECK(write_all(queue) == sent);
  queue.lost();
  CHECK(write_all(queue) == sent);
  CHECK(queue.append(std::string(300'000, 'x') + "\n", 1) == 1);  // some give way, over several chunks
  queue.lost();
  const std::string again = write_all(queue);
  CHECK(again.ends_with("x\n"));
  CHECK(again.size() <= plenty);
  CHECK(again.size() > plenty - 30'001);
}

// Random use against what must hold whatever happens: what a connection gets are whole lines in order, and
// what the last one gets is all that was appended, but for what was written longer ago than the window.
TEST_CASE("resend queue: with random use, lines come whole and in order, and none is lost") {
  statwire::test::RandomBytes random{77};
  int complete_rounds = 0;
  for (int round = 0; round < 50; ++round) {
    ResendQueue queue{plenty, 1s};
    std::uint64_t appended = 0;
    std::string connection;  // what the peer has read, and loses with the connection
    Deadline now = at(0ms);
    for (int step = 0; step < 400; ++step) {
      const std::size_t action = random.up_to(59);
      if (action < 30) {
        for (std::size_t i = random.up_to(20); i > 0; --i) {
          const std::string line =
              std::to_string(++appended) + ' ' + std::string(random.up_to(80), '.') + '\n';
          REQUIRE(queue.append(line, 1) == 1);
        }
      } else if (action < 45) {
        const std::string_view bytes = queue.next();
        if (bytes.empty()) continue;
        const std::size_t size = random.up_to(bytes.size());
        connection += bytes.substr(0, size);
        queue.written(size, now);
      } else if (action < 59) {
        now += std::chrono::milliseconds{random.up_to(14)};
        queue.expire(now);
      } else {
        connection.clear();
        queue.lost();
      }
    }
    connection += write_all(queue, now);
    REQUIRE(connection.ends_with('\n'));
    const std::vector<std::string> lines = statwire::test::split(connection, '\n');
    double number = statwire::test::number_of(lines[0].substr(0, lines[0].find(' ')));
    if (now < at(1000ms)) {  // nothing was ever forgotten
      CHECK(number == 1);
      ++complete_rounds;
    }
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
      REQUIRE(lines[i].substr(0, lines[i].find(' ')) == std::to_string(static_cast<std::uint64_t>(number++)));
    }
    CHECK(number - 1 == static_cast<double>(appended));
    CHECK(queue.sent_lines() == appended);
  }
  CHECK(complete_rounds > 5);
}
